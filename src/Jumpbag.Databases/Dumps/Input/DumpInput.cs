namespace Jumpbag.Databases.Dumps.Input;

/// <summary>The inputs of one load, in their order.</summary>
public sealed class DumpInput : IDisposable
{
    private DumpInput(IReadOnlyList<DumpFile> files, Dialect? dialect, Dialect otherwise)
    {
        Files = files;
        Dialect = dialect ?? files.Select(file => Dialects.Detect(file.PlainHead.Span)).FirstOrDefault(found => found is not null) ?? otherwise;
    }

    public IReadOnlyList<DumpFile> Files { get; }

    /// <summary>Whose statements they are: as told by the caller, else by the first input that shows it.</summary>
    public Dialect Dialect { get; }

    /// <summary>Bytes on disk of all; null where one is a pipe.</summary>
    public long? Length => Files.Aggregate((long?)0, (sum, file) => sum + file.Length);

    /// <summary>Of <see cref="Length"/>: what has been read.</summary>
    public long Position => Files.Sum(file => file.Position);

    /// <summary>What mydumper noted of the whole; null where there is none.</summary>
    public MydumperMetadata? Metadata { get; private init; }

    /// <param name="paths">"-" is standard input; a folder of mydumper, or its files in any order, are put into order.</param>
    /// <param name="dialect">Null: found from what they hold.</param>
    /// <param name="otherwise">Of a dump that does not show it.</param>
    /// <param name="intoOne">Of files of mydumper: into the database in which the session is, rather than into those that their names tell.</param>
    public static DumpInput Open(IReadOnlyList<string> paths, Dialect? dialect = null, Dialect otherwise = Dialect.MariaDb, bool intoOne = false)
    {
        if (Mydumper.Recognise(paths) is { } mydumper)
            return new(mydumper.Open(intoOne), Dialect.MariaDb, otherwise) { Metadata = mydumper.Metadata };
        var files = new List<DumpFile>();
        try
        {
            foreach (string path in paths)
                files.Add(DumpFile.Open(path));
            return new(files, dialect, otherwise);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public static DumpInput Of(IReadOnlyList<DumpFile> files, Dialect? dialect = null) => new(files, dialect, Dialect.MariaDb);

    public void Dispose()
    {
        foreach (DumpFile file in Files)
            file.Dispose();
    }
}
