using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// A section of LVM's configuration text: keys with values (text, integers, lists of both) and inner sections, in the
/// order of the text.
/// </summary>
public sealed class ConfigSection
{
    private readonly OrderedDictionary<string, object> entries = [];

    internal ConfigSection(string name) => Name = name;

    public string Name { get; }

    public IEnumerable<ConfigSection> Sections => entries.Values.OfType<ConfigSection>();

    internal bool TryAdd(string key, object value) => entries.TryAdd(key, value);

    public bool Has(string key) => entries.ContainsKey(key);

    public ConfigSection? Section(string key) => entries.TryGetValue(key, out object? value) ? value as ConfigSection : null;

    /// <summary>Null where the key is missing or holds something else.</summary>
    public string? TextOrNull(string key) => entries.TryGetValue(key, out object? value) ? value as string : null;

    /// <exception cref="CorruptException">There is no such text.</exception>
    public string Text(string key) => TextOrNull(key) ?? throw Missing(key, "text");

    public long? IntegerOrNull(string key) => entries.TryGetValue(key, out object? value) ? value as long? : null;

    /// <exception cref="CorruptException">There is no such integer, or it is not in the range.</exception>
    public long Integer(string key, long least = 0, long most = uint.MaxValue)
    {
        long value = IntegerOrNull(key) ?? throw Missing(key, "integer");
        return value >= least && value <= most
            ? value
            : throw new CorruptException($"LVM2 metadata: {Name}: {key} is {value}, and must be in {least}..{most}");
    }

    /// <summary>The list's text and integers (a single value is a list of one); empty where the key is missing.</summary>
    public IReadOnlyList<object> List(string key) =>
        !entries.TryGetValue(key, out object? value) || value is ConfigSection ? [] : value as object[] ?? [value];

    /// <summary>The texts of a list, such as flags and tags.</summary>
    public IReadOnlyList<string> Texts(string key) => [.. List(key).OfType<string>()];

    private CorruptException Missing(string key, string kind) => new($"LVM2 metadata: {Name}: {key} is missing or no {kind}");
}
