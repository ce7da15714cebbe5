using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Notifying;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident notify [add|remove|test|send]</summary>
internal static class NotifyVerb
{
    private static readonly Option<string> Webhook = new("--webhook") { HelpName = "URL", Description = "gets a POST of JSON" };
    private static readonly Option<string> Command = new("--command") { HelpName = "COMMAND", Description = "for a shell; $1 is a sentence, $2 the JSON" };
    private static readonly Option<string> On = new("--on") { HelpName = "TYPE,…", Description = $"events that it wants: all, or some of the journal's types ({string.Join(',', Hook.UsualEvents)})" };
    private static readonly Argument<string> Name = new("hook") { Description = "such as N1" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "try again, for a day at most, until nothing waits" };

    private static HookList Hooks => new(StateFolder.Path);

    private static Spool Waiting => new(StateFolder.Path, Delivery.Send);

    public static System.CommandLine.Command Make()
    {
        var notify = IncidentOptions.Make("notify", List);
        foreach ((System.CommandLine.Command verb, string summary) in new[]
        {
            (IncidentOptions.Make("add", Add, Webhook, Command, On), "add a webhook or a command"),
            (IncidentOptions.Make("remove", desk =>
            {
                Hooks.Remove(desk.Parsed.GetRequiredValue(Name));
                return Told(desk, Hooks.Read());
            }, Name), "remove one"),
            (IncidentOptions.Make("test", Test, Name), "send one a message now"),
            (IncidentOptions.Make("send", Send, Wait), "send what waits"),
        })
        {
            verb.Description = summary;
            notify.Add(verb);
        }
        return notify;
    }

    private static int Add(Desk desk)
    {
        string? webhook = desk.Parsed.GetValue(Webhook), shell = desk.Parsed.GetValue(Command);
        if (webhook is null == shell is null)
            throw new UsageException("either --webhook or --command is needed");
        if (webhook is not null && (!Uri.TryCreate(webhook, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https")))
            throw new UsageException("--webhook: no http or https address");
        string[] on = (desk.Parsed.GetValue(On) ?? string.Join(',', Hook.UsualEvents)).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Hook added = Hooks.Add(webhook, shell, on.Contains("all") ? [] : on);
        if (desk.Json)
            desk.Out.WriteJson(json => IncidentJson.WriteHooks(json, [added], Waiting.Waiting));
        else
            desk.Out.WriteLine($"{added.Name}: {Printable.Line(added.ToString())}; 'jumpbag incident notify test {added.Name}' tries it");
        return desk.Session.Status;
    }

    private static int List(Desk desk)
    {
        IReadOnlyList<Hook> all = Hooks.Read();
        if (desk.Json)
        {
            desk.Out.WriteJson(json => IncidentJson.WriteHooks(json, all, Waiting.Waiting));
            return desk.Session.Status;
        }
        var table = new Table(("", false), ("To", false), ("On", false));
        foreach (Hook hook in all)
            table.Add(hook.Name, Printable.Line(hook.ToString()), hook.On.Count == 0 ? "all" : Printable.Line(string.Join(',', hook.On)));
        foreach (string line in table.Lines(Screen.Width()))
            desk.Out.WriteLine(line);
        if (Waiting.Waiting is > 0 and var waiting)
            desk.Out.WriteLine($"{waiting} waiting to be sent");
        return desk.Session.Status;
    }

    private static int Test(Desk desk)
    {
        string name = desk.Parsed.GetRequiredValue(Name);
        Hook hook = Hooks.Read().FirstOrDefault(one => one.Name == name) ?? throw new NotFoundException($"{Printable.Line(name)}: no such hook", "'jumpbag incident notify' lists them");
        Delivery.Send(new(hook, "jumpbag: a test", "{\"text\":\"jumpbag: a test\"}", desk.Now, 0, desk.Now));
        desk.Session.Events(new Status(hook.Name, "took it"));
        return Told(desk, [hook]);
    }

    /// <summary>The end of a verb whose result is what there is now: only JSON shows that.</summary>
    private static int Told(Desk desk, IReadOnlyList<Hook> hooks)
    {
        if (desk.Json)
            desk.Out.WriteJson(json => IncidentJson.WriteHooks(json, hooks, Waiting.Waiting));
        return desk.Session.Status;
    }

    private static int Send(Desk desk)
    {
        bool complete = true;
        CancellationToken cancelled = desk.Session.CatchSignals();
        DateTimeOffset until = desk.Parsed.GetValue(Wait) ? desk.Now.AddDays(1) : desk.Now;
        bool mine = Waiting.SendAll(until, (message, error) =>
        {
            complete = false;
            desk.Session.Events(new SourceFailed(Printable.Line(message.Hook.Name), Printable.Line(error)));
        }, cancelled);
        if (!mine)
            desk.Session.Events(new Status("notify", "another process is sending"));
        int status = Told(desk, Hooks.Read());
        return complete || Waiting.Waiting == 0 ? status : ExitStatus.Failed;
    }
}
