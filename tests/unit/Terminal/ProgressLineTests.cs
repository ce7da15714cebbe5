using Jumpbag.Core.Events;
using Jumpbag.Terminal;

namespace Jumpbag.Tests.Unit.Terminal;

public sealed class ProgressLineTests
{
    private static readonly Progress Load = new("orders, customers, order_lines, events (3 indexes)", 12_100_000, 31_000_000, 1200 << 20, 3100L << 20, TimeSpan.FromSeconds(51))
    {
        Unit = "rows",
        Share = 0.38,
        Estimate = TimeSpan.FromSeconds(74),
        Note = "2 connections",
    };

    [Theory]
    [InlineData(200, " 38% [=======>            ] orders, customers, order_lines, events (3 indexes)  12.1/31.0 M rows  1.2G/3.0G  23.5M/s  0:00:51  ETA 0:01:14  2 connections")]
    [InlineData(100, " 38% orders, customers, orde…  12.1/31.0 M rows  1.2G/3.0G  23.5M/s  0:00:51  ETA 0:01:14")]
    [InlineData(80, " 38% orders, customers, orde…  12.1/31.0 M rows  1.2G/3.0G  0:00:51  ETA 0:01:14")]
    [InlineData(79, " 38% orders, customers, orde…  12.1/31.0 M rows  0:00:51  ETA 0:01:14")]
    [InlineData(40, " 38%  ETA 0:01:14")]
    [InlineData(10, " 38%  ETA ")]
    public void in_a_narrow_terminal_how_far_it_is_and_when_it_ends_stay(int width, string line) => Assert.Equal(line, ProgressLine.Text(Load, width));

    [Fact]
    public void what_holds_it_up_goes_before_numbers_that_stand()
    {
        Progress stalled = Load with { Estimate = Timeout.InfiniteTimeSpan, Stall = "server: waits for a lock that process 42 (anna, Sleep, 12 s) holds" };
        Assert.Equal(" 38%  server: waits for a lock that process 42 (anna, Sleep, 12 s) holds", ProgressLine.Text(stalled, 79));
        Assert.EndsWith("  0:00:51  server: waits for a lock that process 42 (anna, Sleep, 12 s) holds", ProgressLine.Text(stalled, 200), StringComparison.Ordinal);
    }
}
