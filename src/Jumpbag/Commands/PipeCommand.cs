using System.CommandLine;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Piping;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag pipe [FILE]…, with pv's options.</summary>
public static class PipeCommand
{
    private static readonly Argument<string[]> Files = new("file") { Arity = ArgumentArity.ZeroOrMore, Description = "what to copy, one after the other; - is standard input, which is also what none means" };
    private static readonly Option<bool> Bar = new("--progress", "-p") { Description = "show a bar" };
    private static readonly Option<bool> Timer = new("--timer", "-t") { Description = "show the time since the start" };
    private static readonly Option<bool> Eta = new("--eta", "-e") { Description = "show the time to go, by the rate of the last 30 seconds" };
    private static readonly Option<bool> Arrival = new("--fineta", "-I") { Description = "show the time of arrival" };
    private static readonly Option<bool> Rate = new("--rate", "-r") { Description = "show the rate since the last update" };
    private static readonly Option<bool> AverageRate = new("--average-rate", "-a") { Description = "show the rate since the start" };
    private static readonly Option<bool> Amount = new("--bytes", "-b") { Description = "show how much has passed" };
    private static readonly Option<string> Format = new("--format", "-F") { HelpName = "FORMAT", Description = "show this: %p bar, %t time, %e time to go, %I arrival, %r rate, %a average, %b amount, %N name, %% percent sign" };
    private static readonly Option<bool> Numeric = new("--numeric", "-n") { Description = "print the percentage, a line each time; the amount with -b, the time in front with -t" };
    private static readonly Option<bool> Wait = new("--wait", "-W") { Description = "show nothing and count no time before the first byte" };
    private static readonly Option<string> Delay = new("--delay-start", "-D") { HelpName = "SEC", Description = "show nothing before so many seconds" };
    private static readonly Option<string> Size = new("--size", "-s") { HelpName = "SIZE", Description = "so much will come: 10m, or @FILE for as much as that file holds; lines with -l" };
    private static readonly Option<bool> Stop = new("--stop-at-size", "-S") { Description = "end once that much has passed" };
    private static readonly Option<bool> Lines = new("--line-mode", "-l") { Description = "count lines instead of bytes" };
    private static readonly Option<bool> Null = new("--null", "-0") { Description = "count lines that end with a NUL" };
    private static readonly Option<string> Interval = new("--interval", "-i") { HelpName = "SEC", Description = "time between updates (1; at least 0.1)" };
    private static readonly Option<string> Width = new("--width", "-w") { HelpName = "COLUMNS", Description = "the width to fill, instead of the terminal's" };
    private static readonly Option<string> Name = new("--name", "-N") { HelpName = "NAME", Description = "show this name in front" };
    private static readonly Option<bool> Force = new("--force", "-f") { Description = "show progress also where standard error is not a terminal" };
    private static readonly Option<string> RateLimit = new("--rate-limit", "-L") { HelpName = "RATE", Description = "pass at most so much a second: 500k; lines with -l" };
    private static readonly Option<bool> NoSplice = new("--no-splice", "-C") { Description = "copy with read and write, not within the kernel" };
    private static readonly Option<bool> SkipErrors = new("--skip-errors", "-E") { Description = "write zeros for what cannot be read of a file or disk, and go on behind it (status 3)" };

    public static Command Make()
    {
        var command = new Command("pipe")
        {
            Files, Bar, Timer, Eta, Arrival, Rate, AverageRate, Amount, Format, Numeric, CommonOptions.Quiet, Wait, Delay, Size, Stop, Lines, Null,
            Interval, Width, Name, Force, RateLimit, NoSplice, SkipErrors,
        };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        byte? separator = parsed.GetValue(Null) ? (byte)0 : parsed.GetValue(Lines) ? (byte)'\n' : null;
        string[] files = parsed.GetValue(Files) is { Length: > 0 } named ? named : ["-"];
        DataStream.StandardOutput(out DataStream? output).ThrowIfFailed("standard output");
        long? total = parsed.GetValue(Size) is { } size ? SizeGiven(size) : separator is null ? SizeOf(files) : null;
        bool stops = parsed.GetValue(Stop);
        // A disk that is written to sets the end where nothing else does.
        if (total is null && separator is null && output!.Status.IsBlockDevice)
        {
            total = output.Remaining();
            stops = true;
        }
        if (stops && total is null)
            throw new UsageException("--stop-at-size: the size is not known", "give it with --size");
        RateLimit? limit = parsed.GetValue(RateLimit) is { } rate ? LimitGiven(rate) : null;
        var rules = new PipeCopyRules(separator, limit, stops ? total : null, !parsed.GetValue(NoSplice), parsed.GetValue(SkipErrors));
        var counter = new PipeCounter();
        PipeDisplayStyle style = Style(parsed, separator is not null);
        // Where nobody looks, an incident's journal and its board may.
        using PipeDisplay? display = (IsShown(parsed) ? session.Events : EventWriter.Observer) is { } sink ? new(style, counter, total, sink) : null;
        var copy = new PipeCopy(rules, counter, output!, session.Events);
        bool complete = true;
        foreach (string file in files)
            complete &= Copy(copy, file, output!, session.Events);
        if (separator is null)
            session.Events(new BytesMoved(counter.Done));
        return complete ? session.Status : ExitStatus.Failed;
    }

    private static bool Copy(PipeCopy copy, string file, DataStream output, EventSink events)
    {
        var path = ByteString.FromArgument(file);
        string name = file == "-" ? "standard input" : path.ToString();
        Errno error = file == "-" ? DataStream.StandardInput(out DataStream? input) : DataStream.Open(path, out input);
        if (error != Errno.None)
        {
            events(new SourceFailed(name, error.Describe()));
            return false;
        }
        using (input)
        {
            if (!input!.IsSameFileAs(output))
                return copy.Copy(input, name);
            events(new SourceFailed(name, "is the output too", "write to another file"));
            return false;
        }
    }

    /// <summary>What all files hold together; null where one can't tell. One that is missing counts nothing: it is told when its turn comes.</summary>
    private static long? SizeOf(string[] files)
    {
        long total = 0;
        foreach (string file in files)
        {
            long? size;
            Errno error;
            if (file == "-")
            {
                error = DataStream.StandardInput(out DataStream? input);
                size = input?.Remaining();
            }
            else
            {
                error = DataStream.SizeOf(ByteString.FromArgument(file), out size);
            }
            if (error == Errno.None && size is null)
                return null;
            total += size ?? 0;
        }
        return total;
    }

    private static long SizeGiven(string text)
    {
        if (!text.StartsWith('@'))
            return PipeUnits.ParseAmount("--size", text);
        var path = ByteString.FromArgument(text[1..]);
        DataStream.SizeOf(path, out long? size).ThrowIfFailed($"--size: {path}");
        return size ?? throw new UsageException($"--size: {path}: is neither a file nor a disk");
    }

    private static RateLimit LimitGiven(string text) =>
        PipeUnits.ParseAmount("--rate-limit", text) is > 0 and var rate ? new(rate) : throw new UsageException("--rate-limit: nothing would ever pass");

    private static bool IsShown(ParseResult parsed) =>
        !parsed.GetValue(CommonOptions.Quiet) && (parsed.GetValue(Numeric) || parsed.GetValue(Force) || Screen.IsTerminal(2));

    private static PipeDisplayStyle Style(ParseResult parsed, bool lines)
    {
        bool bar = parsed.GetValue(Bar), timer = parsed.GetValue(Timer), eta = parsed.GetValue(Eta), rate = parsed.GetValue(Rate), amount = parsed.GetValue(Amount);
        bool average = parsed.GetValue(AverageRate), arrival = parsed.GetValue(Arrival), numeric = parsed.GetValue(Numeric);
        string? name = parsed.GetValue(Name);
        TimeSpan interval = parsed.GetValue(Interval) is { } every ? PipeUnits.ParseSeconds("--interval", every) : TimeSpan.FromSeconds(1);
        TimeSpan delay = parsed.GetValue(Delay) is { } after ? PipeUnits.ParseSeconds("--delay-start", after) : TimeSpan.Zero;
        int? width = parsed.GetValue(Width) is { } columns ? WidthGiven(columns) : null;
        string chosen = parsed.GetValue(Format) ?? (bar || timer || eta || rate || amount || average || arrival
            ? PipeFormat.Of(name is not null, amount, timer, rate, average, bar, eta, arrival)
            : PipeFormat.Of(name is not null, amount: true, time: true, rate: true, average: false, bar: true, remaining: true, arrival: false));
        interval = TimeSpan.FromTicks(Math.Max(interval.Ticks, TimeSpan.TicksPerSecond / 10));
        return new(numeric ? null : new PipeFormat(chosen, name, lines), amount, timer, interval, delay, parsed.GetValue(Wait), width, lines);
    }

    private static int WidthGiven(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns is > 0 and <= 10_000
            ? columns : throw new UsageException($"--width: '{text}' is not a number of columns from 1 to 10000");
}
