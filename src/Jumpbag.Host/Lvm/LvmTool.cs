using System.Text.Json;
using Jumpbag.Core;

namespace Jumpbag.Host.Lvm;

/// <summary>Runs lvm2's commands on the live machine.</summary>
public static class LvmTool
{
    /// <summary>LVM waits for its locks, and for disks that sleep; one that takes longer than this is stuck.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>What is asked of each volume: what <see cref="LiveVolume.Parse"/> reads.</summary>
    private const string Fields = "vg_name,lv_name,lv_uuid,lv_size,lv_layout,lv_role,origin,pool_lv,lv_tags,lv_active,lv_path,"
        + "lv_kernel_major,lv_kernel_minor,vg_extent_size,vg_free_count,data_percent,metadata_percent,lv_time";

    /// <summary>All volumes of this machine, or those that are named ("vg", "vg/lv", "/dev/vg/lv").</summary>
    /// <exception cref="FailedException">LVM has no such volume, or fails otherwise; the message is LVM's.</exception>
    public static IReadOnlyList<LiveVolume> List(params string[] names) => ParseReport(Run("lvs", ReportArguments(names)).Output);

    /// <summary>The volume of that name, or null where LVM knows none.</summary>
    public static LiveVolume? Find(string name)
    {
        ProgramRun run = TryRun("lvs", ReportArguments([name]));
        if (run.Succeeded)
            return ParseReport(run.Output) is [var only] ? only : null;
        return run.Errors.Contains("Failed to find logical volume", StringComparison.Ordinal) || run.Errors.Contains("not found", StringComparison.Ordinal)
            ? null : throw new FailedException($"lvs: {run.Complaint}");
    }

    /// <exception cref="FailedException">It failed; the message is LVM's.</exception>
    public static ProgramRun Run(string command, IEnumerable<string> arguments)
    {
        ProgramRun run = TryRun(command, arguments);
        return run.Succeeded ? run : throw new FailedException($"{command}: {run.Complaint}");
    }

    /// <summary>The line that does it by hand.</summary>
    public static string Line(string command, IEnumerable<string> arguments) => string.Join(' ', arguments.Select(ShellWord.Quote).Prepend(command));

    public static ProgramRun TryRun(string command, IEnumerable<string> arguments)
    {
        // In a rescue system there may be lvm alone, without the names for its commands.
        string? own = Programs.TryFind(command);
        return own is not null ? ProgramRun.Of(own, command, arguments, Deadline) : ProgramRun.Of("lvm", arguments.Prepend(command), Deadline);
    }

    public static IReadOnlyList<LiveVolume> ParseReport(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            var volumes = new List<LiveVolume>();
            foreach (JsonElement report in document.RootElement.GetProperty("report").EnumerateArray())
                if (report.TryGetProperty("lv", out JsonElement rows))
                    volumes.AddRange(rows.EnumerateArray().Select(LiveVolume.Parse));
            return volumes;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FailedException($"lvs: its report cannot be read: {e.Message}", "'lvs --reportformat json' shows it", e);
        }
    }

    private static IEnumerable<string> ReportArguments(string[] names) => ["--reportformat", "json", "--units", "b", "--nosuffix", "-o", Fields, .. names];
}
