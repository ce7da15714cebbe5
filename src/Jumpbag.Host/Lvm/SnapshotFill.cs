using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Host.Lvm;

/// <summary>How full what holds a snapshot is, by device-mapper's word.</summary>
/// <param name="Data">The share, 0 to 1: of a snapshot's store, or of a pool's data.</param>
/// <param name="Metadata">The share of a pool's metadata; null of an old-style snapshot.</param>
/// <param name="Failure">Why nothing more can be read or written; null while all is well.</param>
public sealed record SnapshotFill(double Data, double? Metadata, string? Failure)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>The fuller of the two.</summary>
    public double Share => Math.Max(Data, Metadata ?? 0);

    /// <summary>Asks device-mapper; this is cheap and takes none of LVM's locks.</summary>
    /// <exception cref="FailedException">dmsetup fails: the device is gone.</exception>
    public static SnapshotFill Of(string mapperName)
    {
        ProgramRun run = ProgramRun.Of("dmsetup", ["status", "--noflush", mapperName], Deadline);
        return !run.Succeeded ? throw new FailedException($"dmsetup status {mapperName}: {run.Complaint}") : Parse(run.Output);
    }

    /// <param name="status">
    /// "0 2097152 snapshot 16/204800 16", "… snapshot Invalid", or
    /// "0 2097152 thin-pool 1 12/1024 34/16384 - rw discard_passdown queue_if_no_space - 1024" (the kernel's
    /// Documentation/admin-guide/device-mapper).
    /// </param>
    public static SnapshotFill Parse(string status)
    {
        string[] words = status.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 4 ? throw Unknown(status) : words[2] switch
        {
            "snapshot" => words[3] switch
            {
                "Invalid" => new(1, null, "it overflowed"),
                "Overflow" => new(1, null, "it overflowed"),
                _ when Fraction(words[3]) is { } share => new(share, null, null),
                _ => throw Unknown(status),
            },
            "thin-pool" => words[3] is "Fail" or "Error" ? new(1, 1, "the pool has failed")
                : words.Length > 7 && Fraction(words[4]) is { } metadata && Fraction(words[5]) is { } data ? new(data, metadata, Failed(words)) : throw Unknown(status),
            _ => throw Unknown(status),
        };
    }

    private static string? Failed(string[] words) => words[7] switch
    {
        "out_of_data_space" => "the pool is out of data space",
        "ro" => "the pool has become read-only: it is out of metadata space, or damaged",
        _ => words.Contains("needs_check") ? "the pool needs to be checked" : null,
    };

    private static double? Fraction(string fraction)
    {
        string[] parts = fraction.Split('/');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long used)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long total) && total > 0 ? (double)used / total : null;
    }

    private static FailedException Unknown(string status) => new($"dmsetup status says what is not known here: {ByteString.FromText(status.Trim())}");
}
