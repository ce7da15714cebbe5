using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host.Configuration;

namespace Jumpbag.Incidents;

/// <summary>What the configuration says of incidents: the table [incident].</summary>
/// <param name="Board">The one that "board join" means.</param>
/// <param name="BoardToken">A file that holds the token for it.</param>
/// <param name="Store">Of incidents that are opened from now on.</param>
internal sealed record IncidentSettings(string? Board = null, string? BoardToken = null, string? Store = null)
{
    private static IncidentSettings? found;

    /// <summary>The configuration that --config names; null where none is named.</summary>
    public static string? Named { get; set; }

    /// <summary>
    /// A mistake in a file that was named ends the command. One in a file that merely lies there is a warning: in the night of an incident nobody is to be held up by it.
    /// </summary>
    /// <param name="events">Null where a warning was or will be given elsewhere.</param>
    public static IncidentSettings Found(EventSink? events)
    {
        if (found is not null)
            return found;
        try
        {
            return found = Read(ConfigurationFile.Find(Named));
        }
        catch (JumpbagException e) when (Named is null)
        {
            if (events is null)
                return new();
            events(new Warning($"{e.Message}: the configuration is left out", e.Hint));
            return found = new();
        }
    }

    /// <exception cref="UsageException">There is a mistake in it.</exception>
    internal static IncidentSettings Read(ConfigTable? root)
    {
        if (root?.Table("incident") is not { } table)
            return new();
        var settings = new IncidentSettings(table.Text("board"), table.Text("board-token"), table.Text("store"));
        table.RefuseUnknown();
        if (settings.BoardToken is not null && settings.Board is null)
            throw table.Wrong("board-token", "says nothing without board", "board = \"http://HOST:7911\"");
        return settings;
    }
}
