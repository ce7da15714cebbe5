using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Databases.Loading;

/// <summary>What a resumed load must have in common with the one that was broken off: the dump, wherever it lies now, and all that decides which rows go together.</summary>
public sealed class LoadIdentity
{
    /// <summary>Enough of a pipe to have come, whatever it is.</summary>
    private const int MostHead = 4096;

    private const string MarkOptions = "options ", MarkContent = ", content ", MarkDump = ", dump ";

    /// <param name="files">Looked through to their ends, with a fingerprint; of a pipe only the first bytes are known.</param>
    public LoadIdentity(IReadOnlyList<DumpFile> files, LoadOptions options)
    {
        var content = new StringBuilder();
        foreach (DumpFile file in files)
            content.AppendLine(file.Fingerprint is { } print ? $"{file.Length} {print.Value():x}" : "pipe " + Convert.ToHexString(Sha256.Hash(file.PlainHead.Span[..Math.Min(MostHead, file.PlainHead.Length)])));
        var chosen = new StringBuilder();
        chosen.AppendJoin(',', options.Tables).Append('\n').AppendJoin(',', options.Exclude).Append('\n').AppendJoin(',', options.Databases).Append('\n')
            .AppendJoin(',', options.Rename).Append('\n').Append(options.SchemaOnly).Append(options.DataOnly).Append(options.BatchSize);
        byte[] contentHash = Sha256.Hash(Encoding.UTF8.GetBytes(content.ToString())), optionsHash = Sha256.Hash(Encoding.UTF8.GetBytes(chosen.ToString()));
        Hash = Sha256.Hash([.. contentHash, .. optionsHash]);
        Content = Convert.ToHexStringLower(contentHash[..6]);
        Options = Convert.ToHexStringLower(optionsHash[..6]);
        Dump = Plain(string.Join(", ", files.Select(file => file.Path is { } path ? $"{Path.GetFileName(path)} of {(file.Length ?? 0).ToString("#,0", CultureInfo.InvariantCulture)} bytes" : "a pipe")));
    }

    private LoadIdentity(string options, string content, string dump) => (Hash, Options, Content, Dump) = ([], options, content, dump);

    /// <summary>Of all of it.</summary>
    public byte[] Hash { get; }

    public string Content { get; }

    public string Options { get; }

    /// <summary>For a person: name and size, in ASCII.</summary>
    public string Dump { get; }

    /// <summary>As it is kept with the notes of a load.</summary>
    public override string ToString() => MarkOptions + Options + MarkContent + Content + MarkDump + Dump;

    /// <summary>What <see cref="ToString"/> gave, somewhere in this text.</summary>
    public static LoadIdentity? Read(string text)
    {
        int options = text.IndexOf(MarkOptions, StringComparison.Ordinal), content = text.IndexOf(MarkContent, StringComparison.Ordinal), dump = text.IndexOf(MarkDump, StringComparison.Ordinal);
        return options < 0 || content < options || dump < content ? null
            : new(text[(options + MarkOptions.Length)..content], text[(content + MarkContent.Length)..dump], text[(dump + MarkDump.Length)..]);
    }

    /// <summary>Why a load of this dump cannot go on where that one was broken off.</summary>
    public UnsupportedException Differs(LoadIdentity unfinished) =>
        unfinished.Content == Content
            ? new($"the load of {unfinished.Dump} that is unfinished had other options", "--resume takes the same --tables, --exclude, --databases, --rename, --schema-only and --data-only; --replace begins anew")
            : new($"the load that is unfinished is of another dump, or this one was changed since: it was {unfinished.Dump}, and this is {Dump}{(unfinished.Dump == Dump ? " with other content" : "")}",
                "--resume goes on with the dump as it was; --replace begins anew with this one");

    /// <summary>A comment of a table is text in the server's character set, and not long.</summary>
    private static string Plain(string text)
    {
        const int Most = 1000;
        return string.Concat(text.Take(Most).Select(c => c is >= ' ' and <= '~' and not ('\'' or '\\') ? c : '?'));
    }
}
