using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Which files of a copy are damaged, in a file at its top that outlives the run: to a later one with --resume they look as
/// complete as the others. A file is listed before it gets its name, so a killed run has listed it too. A line is the number
/// of bytes that were lost, a space, and the name below the top as it is shown to people; a later line counts. What was read
/// whole since is taken off at the end, and an empty list is removed.
/// </summary>
internal sealed class DamagedList
{
    public const string FileName = ".jumpbag-damaged";

    private const string Heading = "# Files of this copy that could not be read whole: bytes lost, name. 'jumpbag cp --resume' reads them again.\n";

    /// <summary>Stands for all names: with more than these the list would outgrow the memory.</summary>
    private const string Everything = "*";

    private const int Most = 200_000, MostBytes = 64 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> lost = [];
    private readonly OpenDirectories directories;
    private readonly int above;
    private FileHandle? list;
    private long end;
    private bool outdated, isClosed;

    /// <param name="directory">What holds it: the copy of the directory at the top, or the folder that receives a file.</param>
    /// <param name="isTaken">Whether the original has a file of a name: that is the name of its copy.</param>
    /// <param name="above">Bytes of a path in the tree before the name below a directory at the top.</param>
    public DamagedList(OpenDirectories directories, DirectoryCopy directory, Func<ByteString, bool> isTaken, int above)
    {
        this.directories = directories;
        this.above = above;
        Directory = directory;
        Name = ByteString.FromText(FileName);
        while (isTaken(Name) && Name.Length < 255)
            Name = new([.. Name.Span, (byte)'~']);
        DirectoryHandle folder = directories.Acquire(directory);
        try
        {
            // One that cannot be read is no list of ours; to begin another then fails, and is told.
            if (folder.OpenFile(Name.Span, out list) == Errno.None)
                Read(list!);
        }
        finally
        {
            directories.Release(directory);
        }
    }

    public DirectoryCopy Directory { get; }

    public ByteString Name { get; }

    public bool IsEmpty => lost.Count == 0;

    /// <summary>Bytes that an earlier run lost of a file, or null where it got the whole of it.</summary>
    public long? LostBefore(in Visit file, ByteString name)
    {
        string key = Key(file, name);
        lock (gate)
            return lost.TryGetValue(key, out long bytes) ? bytes : lost.ContainsKey(Everything) ? 0 : null;
    }

    /// <summary>Lists a file, before it gets its name.</summary>
    public Errno Add(in Visit file, ByteString name, long bytes)
    {
        string key = Key(file, name);
        lock (gate)
        {
            if (lost.TryGetValue(key, out long known) ? known == bytes : lost.ContainsKey(Everything))
                return Errno.None;
            if (lost.Count >= Most)
                (key, bytes) = (Everything, 0);
            Errno error = Append(Line(key, bytes));
            if (error == Errno.None)
                lost[key] = bytes;
            return error;
        }
    }

    /// <summary>The whole of it was read.</summary>
    public void Remove(in Visit file, ByteString name)
    {
        lock (gate)
            if (lost.Count == 0)
                return;
        string key = Key(file, name);
        lock (gate)
            outdated |= lost.Remove(key);
    }

    /// <summary>Closes the list, as short as it can be; a second time does nothing. Where that fails the longer one stays, which costs a later run time only.</summary>
    public void Close()
    {
        lock (gate)
        {
            if (isClosed)
                return;
            isClosed = true;
            list?.Dispose();
            if (!outdated)
                return;
            DirectoryHandle folder = directories.Acquire(Directory);
            try
            {
                ReadOnlySpan<byte> temporary = ".jumpbag-00000000-1.part"u8;
                _ = folder.Remove(temporary);
                if (lost.Count == 0)
                    _ = folder.Remove(Name.Span);
                else if (folder.Create(temporary, 0x180, out list) == Errno.None)
                {
                    end = 0;
                    Errno error = Append(Heading);
                    foreach ((string name, long bytes) in lost)
                        error = error == Errno.None ? Append(Line(name, bytes)) : error;
                    list!.Dispose();
                    if (error != Errno.None || folder.Rename(temporary, Name.Span, replace: true) != Errno.None)
                        _ = folder.Remove(temporary);
                }
            }
            finally
            {
                directories.Release(Directory);
            }
        }
    }

    private static string Line(string name, long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes} {name}\n");

    private string Key(in Visit file, ByteString name) =>
        file.Directory is null ? name.ToString() : new ByteString(file.Path.Span[above..].TrimStart((byte)'/')).ToString();

    private Errno Append(string text)
    {
        if (list is null)
        {
            DirectoryHandle folder = directories.Acquire(Directory);
            Errno made = folder.Create(Name.Span, 0x180, out list);
            directories.Release(Directory);
            if (made != Errno.None)
                return made;
            text = Heading + text;
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Errno error = list!.Write(bytes, end);
        if (error == Errno.None)
            end += bytes.Length;
        return error;
    }

    /// <summary>A line that was not written whole is of a file that did not get its name.</summary>
    private void Read(FileHandle written)
    {
        if (written.Status(out FileStatus status) != Errno.None || !status.IsRegular)
            return;
        end = status.Size;
        var content = new byte[(int)Math.Min(status.Size, MostBytes)];
        int length = written.Read(content, 0);
        foreach (string line in Encoding.UTF8.GetString(content, 0, length).Split('\n'))
            if (line.IndexOf(' ') is var space and > 0 && long.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) && lost.Count < Most)
                lost[line[(space + 1)..]] = bytes;
        if (status.Size > MostBytes || lost.Count >= Most)
            lost[Everything] = 0;
    }
}
