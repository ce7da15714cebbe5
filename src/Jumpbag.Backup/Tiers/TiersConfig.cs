using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

/// <summary>The part of the configuration that is about backups.</summary>
public sealed record TiersConfig(string File, IReadOnlyList<BackupSource> Sources, IReadOnlyList<BackupCopy> Copies, BackupPolicy Policy)
{
    /// <summary>Those that are written: all but the live ones.</summary>
    public IEnumerable<BackupCopy> Repositories => Copies.Where(copy => copy.Tier != Tier.Live);

    /// <param name="root">The whole file; what belongs to others in there is left alone.</param>
    /// <exception cref="Core.UsageException">It has a mistake.</exception>
    public static TiersConfig Read(ConfigTable root)
    {
        List<BackupSource> sources = [.. root.Table("sources")?.Tables().Select(one => BackupSource.Read(Name(one), one.Table)) ?? []];
        List<BackupCopy> copies = [.. root.Table("copies")?.Tables().Select(one => BackupCopy.Read(Name(one), one.Table)) ?? []];
        // One place under two names would count as two copies.
        if (copies.Where(copy => copy.Tier != Tier.Live).GroupBy(copy => copy.Url?.TrimEnd('/')).FirstOrDefault(same => same.Count() > 1)?.ToArray() is [var first, var second, ..])
            throw root.Table("copies")!.Table(second.Name)!.Wrong("url", $"is the one of '{first.Name}' too, so these are one copy", "each copy has a place of its own");
        Retention? keep = root.Table("keep") is { } table ? Retention.Read(table) : null;
        foreach (BackupSource source in sources)
            if (source.Copies?.FirstOrDefault(name => copies.All(copy => copy.Name != name)) is { } unknown)
                throw root.Table("sources")!.Table(source.Name)!.Wrong("copies", $"there is no copy '{unknown}'", $"there are: {string.Join(", ", copies.Select(copy => copy.Name))}");
        return new(root.Path, sources, [.. copies.Select(copy => copy.Keep is null ? copy with { Keep = keep } : copy)], BackupPolicy.Read(root.Table("policy")));
    }

    /// <summary>Names stand in tags (between commas), in file names, in metrics, and before the @ and : of what is to be restored.</summary>
    private static string Name((string Key, ConfigTable Table) one) =>
        one.Key.Length is > 0 and <= 64 && one.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && one.Key[0] is not ('-' or '.') ? one.Key
            : throw one.Table.Wrong(null, "a name has letters, digits, '-', '_' and '.' only, at most 64");
}
