using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

public enum SourceKind
{
    Paths,
    LogicalVolume,
    Image,
    Command,
}

/// <summary>What is to be saved: [sources.NAME]. What is null was not said.</summary>
public sealed record BackupSource(string Name, SourceKind Kind, IReadOnlyList<string> Content)
{
    /// <summary>What its snapshots are tagged with.</summary>
    public string Tag => "source=" + Name;

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public bool OneFileSystem { get; init; }

    public string? Provider { get; init; }

    public string? Location { get; init; }

    public Coordinates? Coordinates { get; init; }

    /// <summary>Patterns of the copies (by name, host, provider or location) that must not hold it.</summary>
    public IReadOnlyList<string> ForbidOn { get; init; } = [];

    /// <summary>The copies that are to hold it; null: all that may.</summary>
    public IReadOnlyList<string>? Copies { get; init; }

    public TimeSpan? Rpo { get; init; }

    public TimeSpan? Rto { get; init; }

    /// <summary>Whether the rules forbid that a copy holds it.</summary>
    public bool IsForbiddenOn(BackupCopy copy) =>
        ForbidOn.Any(pattern => new[] { copy.Name, copy.Host, copy.Provider, copy.Location }.Any(text => text is not null && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, text)));

    /// <summary>Whether it is to be written to a copy.</summary>
    public bool GoesTo(BackupCopy copy) => copy.Tier != Tier.Live && !IsForbiddenOn(copy) && Copies?.Contains(copy.Name) != false;

    /// <exception cref="Core.UsageException">It has a mistake.</exception>
    internal static BackupSource Read(string name, ConfigTable table)
    {
        var kinds = new (SourceKind Kind, string Key, IReadOnlyList<string>? Content)[]
        {
            (SourceKind.Paths, "path", table.Texts("path")),
            (SourceKind.LogicalVolume, "lvm", table.Text("lvm") is { } volume ? [volume] : null),
            (SourceKind.Image, "image", table.Text("image") is { } image ? [image] : null),
            (SourceKind.Command, "command", table.Text("command") is { } command ? [command] : null),
        };
        var said = kinds.Where(kind => kind.Content is not null).ToList();
        var source = new BackupSource(name, said.FirstOrDefault().Kind, said.FirstOrDefault().Content ?? [])
        {
            Exclude = table.Texts("exclude") ?? [],
            OneFileSystem = table.Flag("one-file-system") ?? false,
            Provider = table.Text("provider"),
            Location = table.Text("location"),
            Coordinates = Tiers.Coordinates.Read(table),
            ForbidOn = table.Texts("forbid-on") ?? [],
            Copies = table.Texts("copies"),
            Rpo = table.Duration("rpo"),
            Rto = table.Duration("rto"),
        };
        // A name that is misspelled says more than that something is missing.
        table.RefuseUnknown();
        if (said.Count != 1)
            throw table.Wrong(said.Count > 1 ? said[1].Key : null, said.Count == 0 ? "nothing says what is to be saved" : $"{said[0].Key} stands there too", "one of: path = [\"/srv\"], lvm = \"vg/lv\", image = \"vm.img@2\", command = \"mariadb-dump shop\"");
        IReadOnlyList<string> content = source.Content;
        if (content.Count == 0 || content.Any(string.IsNullOrWhiteSpace))
            throw table.Wrong(said[0].Key, "is empty");
        if (said[0].Kind == SourceKind.Paths && content.FirstOrDefault(path => !path.StartsWith('/')) is { } relative)
            throw table.Wrong("path", $"{relative} is not absolute: where it is must not depend on where a command is run");
        if (said[0].Kind == SourceKind.LogicalVolume && content[0].Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            throw table.Wrong("lvm", $"{content[0]} is not VG/LV", "'lvs' lists volumes and their groups");
        return source;
    }
}
