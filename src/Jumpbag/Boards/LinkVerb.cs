using System.CommandLine;
using System.Net;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incidents;

namespace Jumpbag.Boards;

/// <summary>jumpbag board link</summary>
internal static class LinkVerb
{
    private static readonly Option<string> Listen = new("--listen") { HelpName = "ADDRESS:PORT", Description = "where the board listens, or the end of your ssh -L (that of the board that was started last)" };

    public static Command Make() => IncidentOptions.Make("link", desk =>
    {
        IPEndPoint address = desk.Parsed.GetValue(Listen) is { } text ? BoardPlaces.Listen(text) : BoardPlaces.Remembered() ?? BoardPlaces.Listen(null);
        if (!IPAddress.IsLoopback(address.Address))
            throw new UnsupportedException($"{address}: others reach that board, which takes tokens alone", "'jumpbag board token add NAME --write' makes one");
        string url = BoardPlaces.Url(address) + Fragment();
        if (desk.Json)
            desk.Out.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("url", url);
                json.WriteEndObject();
            });
        else
            desk.Out.WriteLine(url);
        desk.Session.Events(new Status("link", $"lets {Recorder.Me} in, once, within 10 minutes"));
        return desk.Session.Status;
    }, Listen);

    /// <summary>What stands behind the #, which no browser sends.</summary>
    public static string Fragment() => "#k=" + BoardPlaces.Keys.AddLink(Recorder.Me);
}
