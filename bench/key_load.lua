-- wrk: requests of API keys, prepared: key, signature, timestamp and body, separated by blanks.
local lines, at = {}, 0
for line in io.lines(os.getenv("BODIES")) do lines[#lines + 1] = line end
local path = os.getenv("ROUTE")
request = function()
  at = at % #lines + 1
  local key, signature, stamp, body = lines[at]:match("^(%S+) (%S+) (%S+) (.*)$")
  return wrk.format("POST", path, {
    ["Content-Type"] = "application/json",
    ["X-API-Key"] = key,
    ["X-Signature"] = signature,
    ["X-Timestamp"] = stamp,
    ["X-Window"] = "60000",
  }, body)
end
