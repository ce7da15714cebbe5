using System.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident step add, edit, remove, run, done</summary>
internal static class StepVerbs
{
    private static readonly Argument<string> Command = new("command") { Description = "for a shell; quote it" };
    private static readonly Argument<string> NewCommand = new("command") { Arity = ArgumentArity.ZeroOrOne, Description = "another command" };
    public static readonly Argument<int> Number = new("n") { Description = "the step's number in the plan" };
    private static readonly Option<string> Target = new("--target") { HelpName = "NAME", Description = "what it acts on: db3:/dev/sdb" };
    private static readonly Option<string> RiskOption = new("--risk") { HelpName = "reads|copy|source", Description = "it reads, writes a copy, or writes the source" };
    private static readonly Option<string> Expect = new("--expect") { HelpName = "TEXT", Description = "what the output has to hold; exit status 0 always" };
    private static readonly Option<string> Back = new("--back") { HelpName = "TEXT", Description = "the way back" };
    private static readonly Option<string> Box = new("--time") { HelpName = "DURATION", Description = "the time box: 10m" };
    private static readonly Option<int?> Position = new("--before") { HelpName = "N", Description = "put it before step N; else at the end" };
    private static readonly Argument<string[]> Result = IncidentOptions.Words("text", "what came of it", required: false);
    private static readonly Option<bool> Alone = new("--alone") { Description = "run an unvetted step that writes a source: asks for its target's name, and is marked UNVETTED" };
    private static readonly Option<bool> Failed = new("--failed") { Description = "the result was not the expected one" };

    static StepVerbs() => RiskOption.AcceptOnlyFromAmong("reads", "copy", "source");

    public static Command Make()
    {
        var step = new Command("step");
        foreach ((Command verb, string summary) in new[]
        {
            (IncidentOptions.Make("add", Add, Command, Target, RiskOption, Expect, Back, Box, Position, PlanVerbs.Which), "add a step to the plan"),
            (IncidentOptions.Make("edit", Edit, Number, NewCommand, Target, RiskOption, Expect, Back, Box, Position, PlanVerbs.Which), "change or move a step; voids the vet"),
            (IncidentOptions.Make("remove", Remove, Number, PlanVerbs.Which), "take a step out; voids the vet"),
            (IncidentOptions.Make("run", desk => StepRun.Run(desk, desk.Parsed.GetValue(Number), desk.Parsed.GetValue(Alone)), Number, Alone, PlanVerbs.Which), "run a step, compare with what is expected, write it down"),
            (IncidentOptions.Make("done", Done, Number, Result, Failed, PlanVerbs.Which, IncidentOptions.At), "say that a step was done by hand"),
        })
        {
            verb.Description = summary;
            step.Add(verb);
        }
        return step;
    }

    private static int Add(Desk desk)
    {
        var text = new StepText(Desk.Clean(desk.Parsed.GetRequiredValue(Command)), Desk.Required(desk.Text(Target), "--target"), RiskOf(Desk.Required(desk.Parsed.GetValue(RiskOption), "--risk")), desk.Text(Expect), desk.Text(Back), Minutes(desk));
        CheckWhole(text);
        return desk.Write(state =>
        {
            Plan plan = PlanVerbs.Find(state, desk.Parsed.GetValue(PlanVerbs.Which));
            return new StepSet(new(plan.Entry.Id, plan.Label), desk.Parsed.GetValue(Position) is { } before ? Within(plan, before) : plan.Steps.Count + 1, text);
        });
    }

    private static int Edit(Desk desk) => desk.Write(state =>
    {
        (Plan plan, Step step, int number) = Find(desk, state);
        var text = new StepText(
            desk.Parsed.GetValue(NewCommand) is { } command ? Desk.Clean(command) : step.Text.Command, desk.Text(Target) ?? step.Text.Target,
            desk.Parsed.GetValue(RiskOption) is { } risk ? RiskOf(risk) : step.Text.Risk, desk.Text(Expect) ?? step.Text.Expect, desk.Text(Back) ?? step.Text.WayBack, Minutes(desk) ?? step.Text.Minutes);
        CheckWhole(text);
        return new StepSet(new(plan.Entry.Id, plan.Label), desk.Parsed.GetValue(Position) is { } before ? Within(plan, before) : number, text, step.Id);
    });

    private static int Remove(Desk desk) => desk.Write(state =>
    {
        (Plan plan, Step step, int number) = Find(desk, state);
        return new StepRemoved(new(plan.Entry.Id, plan.Label), step.Id, number);
    });

    private static int Done(Desk desk) => desk.Write(state =>
    {
        (Plan plan, Step step, int number) = Find(desk, state);
        return new StepEnded(step.Started?.Id ?? "", new(plan.Entry.Id, plan.Label), step.Id, number, !desk.Parsed.GetValue(Failed), 0, null, desk.Text(Result));
    }, desk.At);

    public static (Plan Plan, Step Step, int Number) Find(Desk desk, IncidentState state)
    {
        Plan plan = PlanVerbs.Find(state, desk.Parsed.GetValue(PlanVerbs.Which));
        int number = Within(plan, desk.Parsed.GetValue(Number));
        return (plan, plan.Steps[number - 1], number);
    }

    private static int Within(Plan plan, int number) => number >= 1 && number <= plan.Steps.Count ? number
        : throw new UsageException($"step {number}: {plan.Label} has {plan.Steps.Count} steps", "'jumpbag incident plan' shows them");

    private static Risk RiskOf(string word) => word switch { "reads" => Risk.Reads, "copy" => Risk.WritesCopy, _ => Risk.WritesSource };

    private static int? Minutes(Desk desk) => desk.Parsed.GetValue(Box) is { } text ? Math.Max(1, (int)Desk.Duration("--time", text).TotalMinutes) : null;

    /// <summary>What reads or writes a copy can be repeated; what writes the source is thought through to its end.</summary>
    private static void CheckWhole(StepText text)
    {
        if (text.Risk == Risk.WritesSource && (text.Expect is null || text.WayBack is null || text.Minutes is null))
            throw new UsageException("a step that writes the source needs --expect, --back and --time", "what will be seen, how it is undone ('none' is an answer that whoever vets should read), and after how long to stop");
    }
}
