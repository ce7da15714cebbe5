using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.FileSystems.Tar;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag tar LOCATOR…</summary>
public static class TarCommand
{
    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "what to write, such as disk.img:/srv" };
    private static readonly Option<string> Destination = new("--file", "-f") { HelpName = "FILE", Description = "write to a new file instead of standard output" };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "list the names on standard error" };

    public static Command Make()
    {
        var command = new Command("tar") { Locators, Destination, Verbose, CommonOptions.Progress };
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        (ParseResult parsed, Session session) = (reading.Parsed, reading.Session);
        string? file = parsed.GetValue(Destination) is "-" ? null : parsed.GetValue(Destination);
        if (file is null && Screen.IsTerminal(1))
            throw new UsageException("an archive is not for a terminal", "write it to a file with -f, or into a pipe");
        List<Place> chosen = [.. parsed.GetRequiredValue(Locators).Select(reading.Places.Open)];
        if (file is null)
            Write(session.Out.Write, default);
        else
            WriteFile(file, session, Write);
        return session.Status;

        void Write(ContentSink sink, CancellationToken cancelled)
        {
            List<(Place Place, TreeStart Start)> starts = [.. chosen.Select(place => (place, Start(reading, place)))];
            using var count = new TreeCount([.. starts.Select(start => start.Start)], cancelled);
            using var writer = new TarWriter(sink, session.Events, count, cancelled)
            {
                Listed = reading.Has(Verbose) ? name => session.Events(new FileDelivered(name.ToString())) : null,
            };
            foreach ((Place place, TreeStart start) in starts)
                writer.Add(start, reading.Damaged(place));
            writer.Finish();
        }
    }

    /// <summary>As 'tar -C PATH .' would, a link to a directory is followed; any other link is kept as what it is.</summary>
    private static TreeStart Start(Reading reading, Place place)
    {
        bool directory = place.Tree.TryLookup(place.Path) is { Node.Type: FileType.Directory };
        return new(place.Tree, place.Path, reading.Lookup(place, followLast: directory));
    }

    /// <summary>The file has its name only when it is whole.</summary>
    private static void WriteFile(string file, Session session, Action<ContentSink, CancellationToken> write)
    {
        if (Path.Exists(file))
            throw new FailedException($"{file}: exists already", "it is not overwritten: give another name, or remove it");
        string partial = file + ".jumpbag-partial";
        CancellationToken cancelled = session.CatchSignals();
        bool created = false;
        try
        {
            using (FileStream stream = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                created = true;
                write(stream.Write, cancelled);
            }
            File.Move(partial, file, overwrite: false);
            created = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{file}: {e.Message}", null, e);
        }
        finally
        {
            if (created)
                File.Delete(partial);
        }
    }
}
