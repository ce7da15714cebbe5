using System.Text;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.Probes;

/// <summary>Logs with those that rotation has put aside: "syslog.1", "syslog-20261127", "syslog.2.gz", also packed by xz, zstd or bzip2.</summary>
internal static class LogFiles
{
    private const int MostBytes = 2 << 20, MostPacked = 8 << 20, MostUnpacked = 4 << 20, MostFiles = 4;

    private static readonly string[] Packed = [".gz", ".xz", ".zst", ".bz2"];

    /// <summary>The ends of a log and of its predecessors that were written to since a time, the oldest first; each with its path.</summary>
    public static IEnumerable<(string Path, string Text)> Since(ProbeContext context, string log, DateTimeOffset time)
    {
        string folder = Path.GetDirectoryName(log)!, name = Path.GetFileName(log);
        FileEntry[] files = [.. context.List(folder).Where(file => file.IsRegular && IsOf(file.Name, name) && file.Modified >= time).OrderByDescending(file => file.Modified).Take(MostFiles).Reverse()];
        foreach (FileEntry file in files)
            if (Text(context, file) is { } text)
                yield return (file.Path, text);
    }

    private static bool IsOf(string file, string log) =>
        file == log || file.StartsWith(log, StringComparison.Ordinal) && file.Length > log.Length && file[log.Length] is '.' or '-' && char.IsAsciiDigit(file.Length > log.Length + 1 ? file[log.Length + 1] : ' ');

    private static string? Text(ProbeContext context, FileEntry file)
    {
        if (!Packed.Any(suffix => file.Name.EndsWith(suffix, StringComparison.Ordinal)))
            return context.Text(file.Path, MostBytes, fromEnd: true, keep: false);
        try
        {
            return context.Files.Read(file.Path, MostPacked) is { } packed ? Unpack(packed) : null;
        }
        catch (UnauthorizedAccessException)
        {
            context.Denied($"{file.Path} cannot be read by this user");
            return null;
        }
        // Each decoder throws in its own way.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            context.Failed($"{file.Path} is damaged, or larger than {MostPacked >> 20} MiB: {e.Message}");
            return null;
        }
    }

    /// <summary>The end of what is packed, holding no more of it than that.</summary>
    internal static string Unpack(byte[] packed)
    {
        using Stream source = Compressions.Decode(packed);
        var last = new byte[MostUnpacked];
        long total = 0;
        var buffer = new byte[64 << 10];
        // A bomb ends here: no log is a hundred times as large as its packed form allows.
        for (int count; (count = source.Read(buffer)) > 0 && total < 1L << 30;)
            for (int done = 0; done < count;)
            {
                int at = (int)(total % last.Length), part = Math.Min(count - done, last.Length - at);
                buffer.AsSpan(done, part).CopyTo(last.AsSpan(at));
                done += part;
                total += part;
            }
        if (total <= last.Length)
            return Encoding.UTF8.GetString(last, 0, (int)total);
        int start = (int)(total % last.Length);
        return Encoding.UTF8.GetString([.. last[start..], .. last[..start]]);
    }
}
