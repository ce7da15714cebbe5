using Jumpbag.Piping;

namespace Jumpbag.Tests.Unit.Piping;

public sealed class PipeMeterTests
{
    [Fact]
    public void the_rate_is_that_since_the_last_moment_and_at_the_end_that_of_the_whole()
    {
        var meter = new PipeMeter(1000);
        Assert.Equal(100, At(meter, 100, 1).Rate);
        PipeMoment second = At(meter, 150, 2);
        Assert.Equal((50, 75), (second.Rate, second.AverageRate));
        Assert.Equal(200, At(meter, 1000, 5, final: true).Rate);
    }

    [Fact]
    public void the_time_to_go_follows_a_steady_rate()
    {
        var meter = new PipeMeter(1000);
        for (int second = 1; second < 100; second++)
            Assert.Equal(100 - second, At(meter, second * 10, second).Remaining!.Value.TotalSeconds, 0.001);
        Assert.Equal(TimeSpan.Zero, At(meter, 1000, 100).Remaining);
    }

    [Fact]
    public void the_time_to_go_forgets_how_fast_it_was_before_the_last_half_minute()
    {
        var meter = new PipeMeter(100_000);
        At(meter, 50_000, 1); // from a cache
        PipeMoment moment = default;
        for (int second = 2; second <= 40; second++)
            moment = At(meter, 50_000 + (second - 1) * 100, second);
        Assert.Equal((100_000 - moment.Done) / 100.0, moment.Remaining!.Value.TotalSeconds, 0.5);
    }

    [Fact]
    public void the_time_to_go_is_not_known_while_nothing_moves()
    {
        var meter = new PipeMeter(1000);
        for (int second = 1; second <= 10; second++)
            Assert.NotNull(At(meter, 500, second).Remaining);
        PipeMoment moment = default;
        for (int second = 11; second <= 60; second++)
            moment = At(meter, 500, second);
        Assert.Null(moment.Remaining);
        Assert.Null(At(new PipeMeter(long.MaxValue), 1, 3600).Remaining);
    }

    [Fact]
    public void many_moments_a_second_count_as_few()
    {
        var meter = new PipeMeter(1_000_000);
        PipeMoment moment = default;
        for (int tenth = 1; tenth <= 1000; tenth++)
            moment = At(meter, tenth * 100, tenth / 10.0);
        Assert.Equal(900, moment.Remaining!.Value.TotalSeconds, 1.0);
    }

    [Theory]
    [InlineData(0, 10L, 0L)]
    [InlineData(199, 1000L, 19L)]
    [InlineData(5, 2L, 250L)]
    [InlineData(long.MaxValue, long.MaxValue, 100L)]
    [InlineData(long.MaxValue, 1L, long.MaxValue)]
    [InlineData(5, null, null)]
    [InlineData(5, 0L, null)]
    public void percents_are_rounded_down(long done, long? total, long? percent) =>
        Assert.Equal(percent, new PipeMoment(done, total, TimeSpan.Zero, 0, 0, null, false).Percent);

    private static PipeMoment At(PipeMeter meter, long done, double seconds, bool final = false) => meter.At(done, TimeSpan.FromSeconds(seconds), final);
}
