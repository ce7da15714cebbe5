using Jumpbag.Core;
using Jumpbag.Piping;

namespace Jumpbag.Tests.Unit.Piping;

public sealed class PipeUnitsTests
{
    // As pv 1.6.20 printed them.
    [Theory]
    [InlineData(0, false, "0.00 B")]
    [InlineData(5, false, "5.00 B")]
    [InlineData(922, false, " 922 B")]
    [InlineData(1000, false, "1000 B")]
    [InlineData(1023, false, "1023 B")]
    [InlineData(10240, false, "10.0KiB")]
    [InlineData(10239, false, "10.0KiB")]
    [InlineData(102399, false, "  99KiB")]
    [InlineData(102400, false, " 100KiB")]
    [InlineData(1048575, false, "1023KiB")]
    [InlineData(62914560, false, "60.0MiB")]
    [InlineData(0, true, "0.00 ")]
    [InlineData(999, true, " 999 ")]
    [InlineData(1000, true, "1.00k")]
    [InlineData(99999, true, "  99k")]
    [InlineData(3000000, true, "3.00M")]
    public void amounts_are_written_as_pv_writes_them(double amount, bool lines, string text) => Assert.Equal(text, PipeUnits.Amount(amount, lines));

    [Theory]
    [InlineData(0, "0:00:00")]
    [InlineData(105.9, "0:01:45")]
    [InlineData(86399, "23:59:59")]
    [InlineData(93784, "1:02:03:04")]
    public void durations_count_days_where_there_are_some(double seconds, string text) => Assert.Equal(text, PipeUnits.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("500", 500)]
    [InlineData("1k", 1024)]
    [InlineData("1K", 1024)]
    [InlineData("1.5m", 1572864)]
    [InlineData("2g", 2147483648)]
    [InlineData("3T", 3298534883328)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void amounts_are_read_with_powers_of_1024(string text, long amount) => Assert.Equal(amount, PipeUnits.ParseAmount("-s", text));

    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("-5")]
    [InlineData("1kb")]
    [InlineData("1e3")]
    [InlineData("9223372036854775808")]
    [InlineData("9000000p")]
    [InlineData("99999999999999999999999999999999999999")]
    public void what_is_no_amount_is_refused(string text) => Assert.Throws<UsageException>(() => PipeUnits.ParseAmount("-s", text));

    [Theory]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("")]
    [InlineData("1e9")]
    [InlineData("100000001")]
    public void what_is_no_time_is_refused(string text) => Assert.Throws<UsageException>(() => PipeUnits.ParseSeconds("-i", text));
}
