/// Dice that fall into the given thousandth of their range.
func dice(thousandth: Int) -> UInt64 {
    UInt64(thousandth) * (UInt64.max / 1_000) + UInt64.max / 2_000
}
