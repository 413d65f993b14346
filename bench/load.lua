-- wrk: one prepared body a request, from the file that BODIES names, each line used once.
local bodies, at = {}, 0
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local path = os.getenv("ROUTE")
local headers = { ["Content-Type"] = "application/json" }
local refused = 0
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", path, headers, bodies[at])
end
response = function(status)
  if status ~= tonumber(os.getenv("EXPECTED")) then refused = refused + 1 end
end
