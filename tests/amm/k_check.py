"""V2's own guard of a swap, as the pair contract writes it: the judge of the formulas in `amm`."""


def passes_k_check(
    *,
    reserves: tuple[int, int],
    amounts_in: tuple[int, int],
    amounts_out: tuple[int, int],
    fee_bps: int = 30,
) -> bool:
    """Whether `swap` would let these amounts pass: the adjusted product may not fall below k."""
    adjusted = [
        10_000 * (reserve + paid - taken) - fee_bps * paid
        for reserve, paid, taken in zip(reserves, amounts_in, amounts_out, strict=True)
    ]
    return adjusted[0] * adjusted[1] >= reserves[0] * reserves[1] * 10_000**2


def passes_one_way(
    amount_in: int, amount_out: int, reserve_in: int, reserve_out: int, fee_bps: int
) -> bool:
    """The same for a plain swap of one token for the other."""
    return amount_out < reserve_out and passes_k_check(
        reserves=(reserve_in, reserve_out),
        amounts_in=(amount_in, 0),
        amounts_out=(0, amount_out),
        fee_bps=fee_bps,
    )
