using System.CommandLine;
using System.Text.Json;
using Jumpbag.Board.Access;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Texts;
using Jumpbag.Incidents;
using Jumpbag.Terminal;

namespace Jumpbag.Boards;

/// <summary>jumpbag board token [add|list|revoke]</summary>
internal static class TokenVerb
{
    private const int MostName = 64;

    private static readonly Argument<string> Name = new("name") { Description = "a person's login, or a host" };
    private static readonly Option<bool> Read = new("--read") { Description = "sees the board" };
    private static readonly Option<bool> Write = new("--write") { Description = "also notes, triages, vets, and reports" };
    private static readonly Option<bool> Host = new("--host") { Description = "a machine's: reports what any of its users did, and no more" };

    public static Command Make()
    {
        Command token = IncidentOptions.Make("token", List);
        foreach ((Command verb, string summary) in new[]
        {
            (IncidentOptions.Make("add", Add, Name, Read, Write, Host), "make a token for a person or a host; it is shown once"),
            (IncidentOptions.Make("list", List), "list whose tokens there are"),
            (IncidentOptions.Make("revoke", Revoke, Name), "take one away, at once"),
        })
        {
            verb.Description = summary;
            token.Add(verb);
        }
        return token;
    }

    private static int Add(Desk desk)
    {
        string name = desk.Parsed.GetRequiredValue(Name);
        if (name.Length is 0 or > MostName || !name.All(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '@'))
            throw new UsageException($"{Printable.Line(name)}: a name has 1 to {MostName} letters, digits, '.', '_', '-' or '@'", "it is the author of what is written with the token");
        Right[] rights = [.. new[] { (Read, Right.Read), (Write, Right.Write), (Host, Right.Host) }.Where(one => desk.Parsed.GetValue(one.Item1)).Select(one => one.Item2)];
        if (rights.Length != 1)
            throw new UsageException("one of --read, --write and --host is needed");
        string secret = BoardPlaces.Keys.AddToken(name, rights[0], Recorder.Me);
        Tell(desk, $"made a board token for {name} ({Word(rights[0])})");
        if (desk.Json)
            desk.Out.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("right", Word(rights[0]));
                json.WriteString("token", secret);
                json.WriteEndObject();
            });
        else
            desk.Out.WriteLine(secret);
        desk.Session.Events(new Status(name, "this token is shown once; only its hash is kept"));
        return desk.Session.Status;
    }

    private static int List(Desk desk)
    {
        IReadOnlyList<AccessKey> all = BoardPlaces.Keys.Tokens;
        if (desk.Json)
        {
            desk.Out.WriteJson(json => WriteList(json, all));
            return desk.Session.Status;
        }
        var table = new Table(("Name", false), ("Right", false), ("Made", false), ("By", false));
        foreach (AccessKey key in all)
            table.Add(Printable.Line(key.Name), Word(key.Right), ScreenTime.Of(key.Made), Printable.Line(key.MadeBy));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        return desk.Session.Status;
    }

    private static void WriteList(Utf8JsonWriter json, IReadOnlyList<AccessKey> all)
    {
        json.WriteStartArray();
        foreach (AccessKey key in all)
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteString("right", Word(key.Right));
            json.WriteString("made", UtcTime.Text(key.Made));
            json.WriteString("madeBy", key.MadeBy);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static int Revoke(Desk desk)
    {
        string name = desk.Parsed.GetRequiredValue(Name);
        BoardPlaces.Keys.Revoke(name);
        Tell(desk, $"revoked the board token of {name}");
        desk.Session.Events(new Status(Printable.Line(name), "its token is good for nothing now"));
        return desk.Session.Status;
    }

    /// <summary>Who can write and vet as whom is part of the record. The secret is not.</summary>
    private static void Tell(Desk desk, string text)
    {
        if (IncidentPlaces.Current() is { } path)
            CommandJournal.Guard(desk.Session.Events, () => new Recorder(IncidentPlaces.Journal(path), desk.Session.Events).Append(new Noted(text)));
    }

    private static string Word(Right right) => right.ToString().ToLowerInvariant();
}
