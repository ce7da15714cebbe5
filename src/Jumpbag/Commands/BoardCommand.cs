using System.CommandLine;
using Jumpbag.Boards;
using Jumpbag.CommandLine;
using Jumpbag.Incidents;

namespace Jumpbag.Commands;

/// <summary>jumpbag board [VERB]: alone, serves the incident's page.</summary>
public static class BoardCommand
{
    private static readonly (string Name, string Summary, string Example, Func<Command> Make)[] Verbs =
    [
        ("link", "print an address that lets you into the board on this machine", "jumpbag board link", LinkVerb.Make),
        ("token", "make, list or revoke the tokens of people and hosts", "jumpbag board token add ben --write", TokenVerb.Make),
        ("join", "let this host report to a board", "jumpbag board join http://db1:7911 --board-token /root/token", JoinVerb.Join),
        ("leave", "no longer report to a board", "jumpbag board leave http://db1:7911", JoinVerb.Leave),
        ("sync", "send a board what waits here, and take in what is new there", "jumpbag board sync", JoinVerb.Sync),
        ("status", "show the boards that this host reports to, and what waits", "jumpbag board status", JoinVerb.Status),
    ];

    public static Command Make()
    {
        Command command = ServeVerb.Make();
        foreach ((string name, string summary, _, Func<Command> make) in Verbs)
        {
            Command verb = make();
            verb.Description = summary;
            command.Add(verb);
        }
        return command;
    }

    public static string? ExampleOf(IReadOnlyList<string> path) => path is ["token", "list"] ? "jumpbag board token list"
        : path is ["token", "revoke"] ? "jumpbag board token revoke ben" : Verbs.FirstOrDefault(one => one.Name == path[0]).Example;
}
