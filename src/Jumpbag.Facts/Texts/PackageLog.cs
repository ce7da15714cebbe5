using System.Globalization;
using System.Text.RegularExpressions;

namespace Jumpbag.Facts.Texts;

/// <param name="Action">"install", "upgrade", "remove", as the log calls it.</param>
/// <param name="Version">What it is now; "" where the log does not say.</param>
public sealed record PackageChange(DateTimeOffset Time, string Action, string Package, string Version);

/// <summary>
/// Logs in which package managers note what they did: read as files, since asking rpm would open its database for writing.
/// </summary>
public static partial class PackageLog
{
    /// <summary>Each with those that rotation has put aside.</summary>
    public static readonly IReadOnlyList<string> Files =
        ["/var/log/dpkg.log", "/var/log/dnf.rpm.log", "/var/log/dnf5.log", "/var/log/yum.log", "/var/log/zypp/history", "/var/log/pacman.log"];

    public static IEnumerable<PackageChange> Parse(string text, DateTimeOffset end, TimeZoneInfo zone) =>
        text.Split('\n').Select(line => Line(line, end, zone)).OfType<PackageChange>();

    private static PackageChange? Line(string line, DateTimeOffset end, TimeZoneInfo zone)
    {
        // [2024-05-02T11:12:13+0000] [ALPM] upgraded openssl (3.3.0-1 -> 3.3.1-1)
        if (line.StartsWith('['))
            return Pacman().Match(line) is { Success: true } arch && DateTimeOffset.TryParse(arch.Groups["time"].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
                ? new(at, arch.Groups["action"].Value, arch.Groups["package"].Value, arch.Groups["version"].Value) : null;
        // 2024-05-02 11:12:13|install|openssl|3.0.8-1|x86_64|…
        if (line.Split('|') is [var day, var what, var name, var version, ..] && what.Trim() is ("install" or "remove"))
            return LogLine.Stamp(day + " ", end, zone, out _) is { } time ? new(time, what.Trim(), name, version) : null;
        if (LogLine.Stamp(line, end, zone, out int length) is not { } stamp)
            return null;
        string rest = line[length..].Trim();
        // 2024-05-02 11:12:13 upgrade openssl:amd64 3.0.13-1 3.0.14-1
        if (rest.Split(' ') is [var action, var package, var old, var now] && action is ("install" or "upgrade" or "remove" or "purge"))
            return new(stamp, action, package, now == "<none>" ? old : now);
        // 2024-05-02T11:12:13+0000 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-27.el9.x86_64, or: May 02 11:12:13 Updated: openssl-libs-1:1.0.2k-26.el7.x86_64
        if (Rpm().Match(rest) is { Success: true } rpm)
            return new(stamp, rpm.Groups["action"].Value.ToLowerInvariant(), rpm.Groups["package"].Value, rpm.Groups["version"].Value);
        return null;
    }

    [GeneratedRegex(@"^\[(?<time>[^\]]{10,40})\] \[ALPM\] (?<action>installed|upgraded|removed|downgraded) (?<package>\S+) \((?:\S+ -> )?(?<version>[^)]*)\)")]
    private static partial Regex Pacman();

    [GeneratedRegex(@"^(?:\[\d+\] )?(?:SUBDEBUG |INFO )?(?<action>Installed|Upgrade|Updated|Erase|Erased|Install|Downgrade|Reinstall): (?:\d+:)?(?<package>[A-Za-z0-9_.+-]+?)-(?<version>(?:\d+:)?[^-\s]+-[^-\s]+)$")]
    private static partial Regex Rpm();
}
