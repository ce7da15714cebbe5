using System.CommandLine;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Terminal;

namespace Jumpbag.Backups;

/// <summary>One run of a verb of "jumpbag backup": what was asked for, what the configuration says, and the copies, opened when needed.</summary>
internal sealed class BackupDesk(ParseResult parsed, Session session, TiersConfig config) : IDisposable
{
    public ParseResult Parsed => parsed;

    public Session Session => session;

    public TiersConfig Config => config;

    public Copies Copies { get; } = new(config, session.Events);

    public Output Out => session.Out;

    public EventSink Events => session.Events;

    public bool Json => parsed.GetValue(CommonOptions.Json);

    public DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    public static string StateFolder => Host.StateFolder.Path;

    /// <summary>The sources that are named; all of them where none is.</summary>
    public IReadOnlyList<BackupSource> Sources(IReadOnlyList<string> names) => Named(names, config.Sources, source => source.Name, "source");

    /// <summary>The repositories that are named; all of them where none is.</summary>
    public IReadOnlyList<BackupCopy> Repositories(IReadOnlyList<string> names) => Named(names, [.. config.Repositories], copy => copy.Name, "copy");

    public void WriteTable(Table table)
    {
        foreach (string line in table.Lines(Screen.Width()))
            Out.WriteLine(line);
    }

    /// <summary>Does one of several things, which go on where it fails: that is told.</summary>
    /// <param name="what">What failed then: a copy, or a source and a copy.</param>
    /// <returns>Whether it was done.</returns>
    public bool Try(string what, Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (JumpbagException e)
        {
            Events(new SourceFailed(what, e.Message, e.Hint));
            return false;
        }
    }

    public void Dispose() => Copies.Dispose();

    private IReadOnlyList<T> Named<T>(IReadOnlyList<string> names, IReadOnlyList<T> all, Func<T, string> nameOf, string what)
    {
        if (all.Count == 0)
            throw new NotFoundException($"{config.File}: names no {what}", what == "source" ? "[sources.NAME] with path, lvm, image or command" : "[copies.NAME] with url and password-file");
        return names.Count == 0 ? all : [.. names.Select(name => all.FirstOrDefault(one => nameOf(one) == name) ?? throw new NotFoundException($"{config.File}: there is no {what} '{name}'", $"there are: {string.Join(", ", all.Select(nameOf))}"))];
    }
}
