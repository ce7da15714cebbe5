using System.Diagnostics;
using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Loading;

/// <summary>A dump that comes through a pipe, kept in a file first: so that it is known to be whole before anything is loaded, and can be resumed.</summary>
internal static class Spool
{
    /// <summary>Writes standard input into a folder, as it comes; the file's name.</summary>
    public static string Keep(string folder, EventSink events, CancellationToken cancelled)
    {
        if (!Directory.Exists(folder))
            throw new NotFoundException($"--spool {folder}: no such folder");
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"jumpbag-spool-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}"));
        var clock = Stopwatch.StartNew();
        try
        {
            using Stream input = Console.OpenStandardInput();
            using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
            var buffer = new byte[1 << 20];
            long done = 0;
            TimeSpan told = TimeSpan.Zero;
            while (input.Read(buffer) is > 0 and var count)
            {
                cancelled.ThrowIfCancellationRequested();
                output.Write(buffer, 0, count);
                done += count;
                if (clock.Elapsed - told < TimeSpan.FromMilliseconds(200))
                    continue;
                told = clock.Elapsed;
                events(new Progressed(new("keeping the dump", 0, null, done, null, told)));
            }
            return path;
        }
        catch (Exception e)
        {
            File.Delete(path);
            if (e is IOException or UnauthorizedAccessException)
                throw new FailedException($"{path}: {e.Message}", "the dump was not kept, and nothing was loaded", e);
            throw;
        }
    }
}
