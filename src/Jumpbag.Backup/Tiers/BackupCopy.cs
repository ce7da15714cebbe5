using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

/// <summary>How quickly a copy is at hand.</summary>
public enum Tier
{
    /// <summary>A replica that runs: it is watched, never written, and never counts as a copy, since it repeats every mistake.</summary>
    Live,

    /// <summary>In the same building or at the same provider.</summary>
    Near,

    /// <summary>Far away.</summary>
    Offsite,
}

/// <summary>Where a password comes from: just one is not null.</summary>
public sealed record PasswordSource(string? File, string? Command, string? Variable);

/// <summary>Where sources are kept: [copies.NAME]. What is null was not said.</summary>
public sealed record BackupCopy(string Name, Tier Tier)
{
    /// <summary>Of the repository; null of a live one.</summary>
    public string? Url { get; init; }

    /// <summary>What asks a live one how it is; null of others.</summary>
    public string? Probe { get; init; }

    public PasswordSource? Password { get; init; }

    public string? Provider { get; init; }

    public string? Medium { get; init; }

    public string? Location { get; init; }

    public Coordinates? Coordinates { get; init; }

    /// <summary>Bytes a second that may be written, or read; null: as many as go.</summary>
    public long? UploadLimit { get; init; }

    public long? ReadLimit { get; init; }

    public Retention? Keep { get; init; }

    /// <summary>The machine that its URL or probe names; null of a folder.</summary>
    public string? Host
    {
        get
        {
            string place = Url ?? Probe ?? "";
            int scheme = place.IndexOf("://", StringComparison.Ordinal);
            if (scheme < 0)
                return null;
            string authority = place[(scheme + 3)..].Split('/')[0];
            authority = authority[(authority.LastIndexOf('@') + 1)..];
            int port = authority.LastIndexOf(':');
            string host = port > authority.LastIndexOf(']') ? authority[..port] : authority;
            return host.Length > 0 ? host : null;
        }
    }

    /// <exception cref="Core.UsageException">It has a mistake.</exception>
    internal static BackupCopy Read(string name, ConfigTable table)
    {
        string? url = table.Text("url"), probe = table.Text("probe"), said = table.Text("tier");
        Tier tier = said switch
        {
            "live" => Tier.Live,
            "near" => Tier.Near,
            "offsite" => Tier.Offsite,
            // The stricter one would count what may stand in the same room.
            null => probe is not null ? Tier.Live : Tier.Near,
            _ => throw table.Wrong("tier", $"'{said}' is none", "live, near or offsite"),
        };
        PasswordSource? password = ReadPassword(table);
        long? both = Rate(table, "bandwidth");
        var copy = new BackupCopy(name, tier)
        {
            Url = url,
            Probe = probe,
            Password = password,
            Provider = table.Text("provider"),
            Medium = table.Text("medium"),
            Location = table.Text("location"),
            Coordinates = Tiers.Coordinates.Read(table),
            UploadLimit = Rate(table, "upload-limit") ?? both,
            ReadLimit = Rate(table, "read-limit") ?? both,
            Keep = table.Table("keep") is { } keep ? Retention.Read(keep) : null,
        };
        // A name that is misspelled says more than that something is missing.
        table.RefuseUnknown();
        if (tier == Tier.Live && (probe is null || url is not null))
            throw table.Wrong(url is not null ? "url" : null, url is not null ? "a live copy is watched, not written" : "a live copy needs a probe", "probe = \"mysql://watch@db2/?max-lag=30s\", or postgres://, http://, https://, tcp://");
        if (tier != Tier.Live && (url is null || probe is not null))
            throw table.Wrong(probe is not null ? "probe" : null, url is null ? "it needs a url" : "only a live copy has a probe", "url = \"/mnt/backup\", \"sftp://user@host/path\", \"s3://endpoint/bucket/prefix\", \"swift://container/prefix\", \"rest:https://…\"");
        if (tier != Tier.Live && password is null)
            throw table.Wrong(null, "it needs a password", "password-file = \"/etc/jumpbag/NAME.key\", or password-command, or password-env");
        return copy;
    }

    private static PasswordSource? ReadPassword(ConfigTable table)
    {
        var source = new PasswordSource(table.Text("password-file"), table.Text("password-command"), table.Text("password-env"));
        int said = (source.File is null ? 0 : 1) + (source.Command is null ? 0 : 1) + (source.Variable is null ? 0 : 1);
        return said > 1 ? throw table.Wrong(source.Command is null ? "password-env" : "password-command", "another source of the password stands there too") : said == 1 ? source : null;
    }

    /// <summary>"10M": 10 × 1024² bytes a second.</summary>
    private static long? Rate(ConfigTable table, string key)
    {
        if (table.Text(key) is not { } text)
            return null;
        return Core.ByteSize.Parse(text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text) is > 0 and var rate ? rate : throw table.Wrong(key, $"'{text}' is no amount of bytes a second", "such as \"500K\" or \"10M\"");
    }
}
