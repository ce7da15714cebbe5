using Jumpbag.Piping;

namespace Jumpbag.Tests.Unit.Piping;

public sealed class PipeFormatTests
{
    private static readonly DateTime Now = new(2026, 11, 27, 20, 0, 0);
    private static readonly PipeMoment Moment = new(60 << 20, 300 << 20, TimeSpan.FromSeconds(3), 20 << 20, 20 << 20, TimeSpan.FromSeconds(12), false);

    // The expected lines are what pv 1.6.20 prints of the same numbers.
    [Theory]
    [InlineData("%b %t %r %p %e", 60, "60.0MiB 0:00:03 [20.0MiB/s] [=>            ] 20% ETA 0:00:12")]
    [InlineData("%p", 40, "[=====>                            ] 20%")]
    [InlineData("%N|%a|%I|%%|%z|%", 80, "      foo:|[20.0MiB/s]|ETA 20:00:12|%|%z|%")]
    [InlineData("%T %5A %A", 80, "{----} ..... %A")]
    [InlineData("hi", 80, "hi")]
    [InlineData("%b", 3, "60.")]
    [InlineData("%99999999999A", 5, ".....")]
    [InlineData("%5p", 80, "%5p")]
    public void a_format_is_filled_in(string format, int width, string text) => Assert.Equal(text, new PipeFormat(format, "foo", false).Render(Moment, width, Now));

    [Fact]
    public void what_cannot_be_known_takes_no_room()
    {
        PipeMoment moment = Moment with { Total = null, Remaining = null };
        Assert.Equal("60.0MiB [<=>          ]", new PipeFormat("%b %p %e %I", null, false).Render(moment, 23, Now));
    }

    [Fact]
    public void the_mark_swings_where_the_end_is_not_known()
    {
        var format = new PipeFormat("%p", null, false);
        int[] places = [.. Enumerable.Range(0, 101).Select(_ => format.Render(Moment with { Total = null }, 105, Now).IndexOf('<', StringComparison.Ordinal) - 1)];
        Assert.Equal((0, 2, 100, 98, 0), (places[0], places[1], places[50], places[51], places[100]));
    }

    [Fact]
    public void a_bar_is_full_at_the_end_and_no_longer_beyond_it()
    {
        var format = new PipeFormat("%p", null, false);
        Assert.Equal("[===>] 100%", format.Render(Moment with { Done = 300 << 20 }, 11, Now));
        Assert.Equal("[====] 250%", format.Render(Moment with { Done = 750 << 20 }, 11, Now));
        Assert.Equal("", format.Render(Moment, 3, Now));
        Assert.Equal("[>] 20%", format.Render(Moment, 7, Now));
    }

    [Fact]
    public void arrival_has_its_date_when_it_is_far()
    {
        var format = new PipeFormat("%I", null, false);
        Assert.Equal("ETA 2026-11-28 03:00:00", format.Render(Moment with { Remaining = TimeSpan.FromHours(7) }, 80, Now));
        Assert.Equal("ETA --:--:--", format.Render(Moment with { Remaining = null }, 80, Now));
        Assert.Equal("ETA --:--:--", format.Render(Moment with { Remaining = TimeSpan.FromDays(5_000_000) }, 80, Now));
    }
}
