using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>The file "metadata" in a folder of mydumper: that the dump was finished, since 0.14 how many rows each table has, and where the binary log stood.</summary>
public sealed partial class MydumperMetadata
{
    private readonly string path;
    private readonly Dictionary<ObjectName, long> rows = [];

    private MydumperMetadata(string path) => this.path = path;

    public string? BinlogFile { get; private set; }

    public long? BinlogPosition { get; private set; }

    /// <exception cref="CorruptException">mydumper was broken off.</exception>
    public static MydumperMetadata? Read(string folder)
    {
        string path = Path.Combine(folder, "metadata");
        if (!File.Exists(path))
            return !File.Exists(path + ".partial") ? null
                : throw new CorruptException($"{folder}: mydumper had not finished this dump: the file metadata.partial says so", "another dump is needed; to load what there is nevertheless, name the files");
        var found = new MydumperMetadata(path);
        try
        {
            found.Parse(File.ReadLines(path, Encoding.UTF8));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: {e.Message}", null, e);
        }
        return found;
    }

    /// <summary>How the files end, now that it is known what is in all of them.</summary>
    /// <param name="tails">As they end each by itself.</param>
    public IReadOnlyList<DumpTail> Judge(IReadOnlyList<DumpTail> tails, IReadOnlyList<DumpObject> objects)
    {
        if (tails.Any(tail => tail.State == DumpTailState.Truncated))
            return tails;
        var judged = tails.Select(tail => tail with { State = DumpTailState.Complete, Why = "mydumper had finished the dump" }).ToList();
        foreach ((ObjectName table, long wanted) in rows)
        {
            DumpObject? there = objects.FirstOrDefault(found => found.Type == DumpObjectType.Table && (found.Name == table || (found.Name.Qualifier is null && found.Name.Name == table.Name)));
            if (wanted > (there?.Rows ?? 0))
                judged.Add(new(DumpTailState.Truncated, there?.File ?? 0, there?.Offset ?? 0, $"of {table} {path} counts {wanted} rows, and {there?.Rows ?? 0} are there: a file is missing or cut off"));
        }
        if (rows.Count == 0 && judged.Count > 0)
            judged[0] = judged[0] with { State = DumpTailState.NoTrailer, Why = "mydumper had finished the dump, but did not note how many rows there are: whether each file is there and whole is not known" };
        return judged;
    }

    private void Parse(IEnumerable<string> lines)
    {
        ObjectName? table = null;
        foreach (string line in lines)
        {
            if (Section().Match(line) is { Success: true } section)
            {
                table = section.Groups[2].Success ? new(Name(section.Groups[1]), Name(section.Groups[2])) : null;
                continue;
            }
            if (Setting().Match(line) is not { Success: true } setting)
                continue;
            string value = setting.Groups[2].Value.Trim().Trim('"');
            switch (setting.Groups[1].Value.ToLowerInvariant())
            {
                case "real_table_name" when table is { } named:
                    table = named with { Name = ByteString.FromArgument(value) };
                    break;
                case "rows" when table is { } counted && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long count):
                    rows[counted] = count;
                    break;
                case "log" or "file" or "source_log_file":
                    BinlogFile ??= value;
                    break;
                case "pos" or "position" or "source_log_pos" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long position):
                    BinlogPosition ??= position;
                    break;
            }
        }
    }

    private static ByteString Name(Group group) => ByteString.FromArgument(group.Value.Replace("``", "`", StringComparison.Ordinal));

    [GeneratedRegex(@"^\[(?:[`""](.+?)[`""](?:\.[`""](.+)[`""])?|[^`""]*)\]\s*$")]
    private static partial Regex Section();

    [GeneratedRegex(@"^#?\s*(\w+)\s*[=:]\s*(.*)$")]
    private static partial Regex Setting();
}
