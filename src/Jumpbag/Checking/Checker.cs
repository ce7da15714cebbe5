using Jumpbag.Host;

namespace Jumpbag.Checking;

/// <summary>What the checker may do.</summary>
public enum CheckMode
{
    /// <summary>Tell what is wrong; nobody is there to be asked.</summary>
    Look,

    /// <summary>Ask the person at the terminal.</summary>
    Ask,

    /// <summary>Take every question for answered with yes.</summary>
    Yes,
}

/// <summary>What a run of the checker came to.</summary>
public enum CheckOutcome
{
    Clean,
    Repaired,
    ErrorsRemain,

    /// <summary>By the person, with Ctrl-C.</summary>
    Cancelled,

    /// <summary>It could not do its work: wrong options, a failing read that it does not get over, a defect of its own.</summary>
    Broken,
}

/// <summary>
/// A program that checks and repairs one kind of filesystem: how it is called, whether it asks, and what its exit statuses
/// mean (its manual page says so).
/// </summary>
/// <param name="Program">Found by <see cref="Programs.Find"/>.</param>
/// <param name="Command">Arguments before all others.</param>
/// <param name="Look">To look only.</param>
/// <param name="Ask">To ask before each repair; null where it cannot, so that we ask once, after it has looked.</param>
/// <param name="Yes">To repair all it can.</param>
/// <param name="Read">What an exit status means, after looking or after repairing.</param>
/// <param name="LooksAgain">Whether its status after a repair does not tell if all is well: it then has to look once more.</param>
public sealed record Checker(string Program, string[] Command, string[] Look, string[]? Ask, string[] Yes, Func<int, CheckMode, CheckOutcome> Read, bool LooksAgain = false)
{
    public static readonly string[] Formats = ["ext2", "ext3", "ext4", "xfs", "vfat", "btrfs"];

    /// <summary>Null where no checker is known.</summary>
    public static Checker? Of(string? format) => format switch
    {
        // e2fsck(8): the sum of 1 corrected, 2 corrected and reboot, 4 uncorrected, 8 operational error, 16 usage, 32 cancelled, 128 library.
        "ext2" or "ext3" or "ext4" => new("e2fsck", [], ["-f", "-n"], ["-f"], ["-f", "-y"], (status, _) =>
            (status & 32) != 0 ? CheckOutcome.Cancelled : (status & 4) != 0 ? CheckOutcome.ErrorsRemain
            : (status & (8 | 16 | 128)) != 0 ? CheckOutcome.Broken : status != 0 ? CheckOutcome.Repaired : CheckOutcome.Clean),

        // xfs_repair(8): with -n 1 where anything is wrong; with -e 4 where it was and is repaired; 2 for a log that only a mount can replay.
        "xfs" => new("xfs_repair", ["-f"], ["-n"], null, ["-e"], (status, mode) => (status, mode) switch
        {
            (0, _) => CheckOutcome.Clean,
            (4, not CheckMode.Look) => CheckOutcome.Repaired,
            (2, _) or (1, CheckMode.Look) => CheckOutcome.ErrorsRemain,
            _ => CheckOutcome.Broken,
        }),

        // fsck.fat(8): 1 where errors were found, repaired or not.
        "vfat" => new("fsck.fat", [], ["-n"], ["-r"], ["-a"], (status, mode) => (status, mode) switch
        {
            (0, _) => CheckOutcome.Clean,
            (1, CheckMode.Look) => CheckOutcome.ErrorsRemain,
            (1, _) => CheckOutcome.Repaired,
            _ => CheckOutcome.Broken,
        }, LooksAgain: true),

        "btrfs" => new("btrfs", ["check"], ["--readonly"], null, ["--repair"], (status, mode) =>
            status == 0 ? CheckOutcome.Clean : mode == CheckMode.Look ? CheckOutcome.ErrorsRemain : CheckOutcome.Repaired, LooksAgain: true),
        _ => null,
    };

    public IEnumerable<string> Arguments(CheckMode mode, IEnumerable<string> own, string view) =>
        [.. Command, .. mode switch { CheckMode.Look => Look, CheckMode.Ask => Ask!, _ => Yes }, .. own, view];
}
