using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Restoring;
using Jumpbag.Terminal;

namespace Jumpbag.CommandLine;

/// <summary>One run of a command that reads from locators: what was asked for, and the places that it opens.</summary>
public sealed class Reading : IDisposable
{
    private readonly Repositories repositories;
    private readonly PlaceOpener places;

    public Reading(ParseResult parsed, Session session)
    {
        (Parsed, Session) = (parsed, session);
        repositories = new(parsed.GetValue(CommonOptions.PasswordFile), session.Events);
        places = new(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), session.Events, parsed.GetValue(CommonOptions.Overlay) ?? [], repositories.TryOpen);
    }

    public ParseResult Parsed { get; }

    public Session Session { get; }

    public PlaceOpener Places => places;

    internal Repositories Repositories => repositories;

    public Output Out => Session.Out;

    public bool Json => Parsed.GetValue(CommonOptions.Json);

    public bool Has(Option<bool> option) => Parsed.GetValue(option);

    /// <summary>Tells of damage by the locators of a place.</summary>
    public PathDamageSink Damaged(Place place) => (path, damage) => Session.Events(new FileDamaged(place.Show(path), damage));

    /// <summary>The file that a place names.</summary>
    /// <exception cref="NotFoundException">There is none; the message has the whole locator.</exception>
    public TreeNode Lookup(Place place, bool followLast = true) => place.Lookup(followLast, damage => Damaged(place)(place.Path, damage));

    public void Dispose()
    {
        places.Dispose();
        repositories.Dispose();
    }
}

public static class ReadingCommands
{
    /// <summary>Gives a command the options of those that read, and makes its action; what it opened is closed at the end.</summary>
    public static void Reads(this Command command, Func<Reading, int> action)
    {
        command.Add(CommonOptions.Disk);
        command.Add(CommonOptions.Overlay);
        command.Add(CommonOptions.NoReplay);
        command.Add(CommonOptions.PasswordFile);
        command.Add(CommonOptions.Quiet);
        command.Runs((parsed, session) =>
        {
            using var reading = new Reading(parsed, session);
            return action(reading);
        });
    }
}
