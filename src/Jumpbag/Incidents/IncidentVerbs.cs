using System.CommandLine;
using Jumpbag.Incidents.Verbs;

namespace Jumpbag.Incidents;

/// <summary>All verbs of "jumpbag incident", in the order in which help lists them.</summary>
internal static class IncidentVerbs
{
    public static readonly (string Name, string Summary, string Example, Func<Command> Make)[] All =
    [
        ("open", "open an incident, or a drill", "jumpbag incident open \"db cluster out of sync\" --severity 2", OpenVerb.Make),
        ("triage", "tag a patient red, yellow, green, grey or black; without a tag show its history", "jumpbag incident triage db3 red --why \"taking writes, diverging\"", TriageVerb.Make),
        ("note", "write down what happens, or what the review needs", "jumpbag incident note \"switched the load balancer to db1\" --at 04:10", NoteVerb.Make),
        ("fact", "write down what was seen, and where; without a text list facts", "jumpbag incident fact \"db3 is 412 s behind\" --source \"SHOW REPLICA STATUS on db3\"", EvidenceVerbs.Fact),
        ("assume", "write down what is taken to be so; without a text list assumptions", "jumpbag incident assume \"db3's disk is failing\"", EvidenceVerbs.Assume),
        ("confirm", "say that a fact confirms an assumption", "jumpbag incident confirm A1 F2", EvidenceVerbs.Confirm),
        ("refute", "say that a fact refutes an assumption", "jumpbag incident refute A1 F3 \"SMART is clean, the cable was loose\"", EvidenceVerbs.Refute),
        ("phase", "stamp one of the seven steps as begun or done; without one show their times", "jumpbag incident phase bleeding --done \"took db3 out of the pool\"", PhaseVerb.Make),
        ("severity", "change the severity", "jumpbag incident severity 1 --why \"orders are lost\"", LifecycleVerbs.Severity),
        ("role", "say who does what", "jumpbag incident role comms ben", LifecycleVerbs.Role),
        ("update", "write down what those outside were told, and when they hear next", "jumpbag incident update \"orders are back, checking\" --next +30m", LifecycleVerbs.Update),
        ("task", "give someone something to do by a time; without a text list tasks", "jumpbag incident task \"call the data centre\" --owner ben --due +15m", TaskVerbs.Task),
        ("done", "say that a task is done", "jumpbag incident done T1 \"cable replaced\"", TaskVerbs.Done),
        ("drop", "say that a task is not needed any more", "jumpbag incident drop T2 \"db3 is rebuilt instead\"", TaskVerbs.Drop),
        ("move", "give a task another owner or deadline", "jumpbag incident move T1 --owner anna --due +1h", TaskVerbs.Move),
        ("actions", "list the open action items of all incidents", "jumpbag incident actions", TaskVerbs.Actions),
        ("plan", "begin a plan; without a title show the one there is", "jumpbag incident plan \"rebuild db3 from db1\" --rests A1", PlanVerbs.Plan),
        ("step", "add, edit, remove or run steps of the plan", "jumpbag incident step run 2", StepVerbs.Make),
        ("vet", "stand for a plan that someone else made", "jumpbag incident vet", PlanVerbs.Vet),
        ("run", "run any command and write down its start and outcome", "jumpbag incident run -- mdadm --detail /dev/md0", RunVerb.Make),
        ("monitor", "repeat a check and write down only changes", "jumpbag incident monitor --every 30s -- pg_isready -h db3", MonitorVerb.Make),
        ("checklist", "bring in the steps of a runbook; without a file show what is open", "jumpbag incident checklist runbooks/replica-lag.md", ChecklistVerbs.Checklist),
        ("check", "tick an item of a checklist", "jumpbag incident check C3", ChecklistVerbs.Check),
        ("handoff", "print the brief for the next person, and hand a role on", "jumpbag incident handoff ben", HandoffVerbs.Handoff),
        ("accept", "take a role that was handed to you", "jumpbag incident accept", HandoffVerbs.Accept),
        ("correct", "put right or withdraw what you wrote", "jumpbag incident correct last \"db2, not db3\"", CorrectVerb.Make),
        ("timeline", "show the events", "jumpbag incident timeline --last 20", TimelineVerb.Make),
        ("close", "close it, with a summary", "jumpbag incident close \"db3 rebuilt; 14 orders entered again by hand\"", LifecycleVerbs.Close),
        ("reopen", "open a closed one again", "jumpbag incident reopen --incident 2026-11-27-db --why \"db3 diverges again\"", LifecycleVerbs.Reopen),
        ("use", "make another open incident the current one", "jumpbag incident use 2026-11-27-db", LifecycleVerbs.Use),
        ("review", "write the post-mortem", "jumpbag incident review --html -o review.html", ReviewVerb.Make),
        ("verify", "find changed, missing or moved events", "jumpbag incident verify --head 3f2a91c07d11", JournalVerbs.Verify),
        ("merge", "take in what another machine's journal of this incident has", "jumpbag incident merge /mnt/usb/2026-11-27-db.ndjson", JournalVerbs.Merge),
        ("export", "write the journal to standard output", "jumpbag incident export > db.ndjson", JournalVerbs.Export),
        ("list", "list incidents", "jumpbag incident list", PastVerbs.List),
        ("search", "find past incidents like this one", "jumpbag incident search replica lag", PastVerbs.Search),
        ("notify", "tell a webhook or a command of events", "jumpbag incident notify add --webhook https://chat.example/hooks/x", NotifyVerb.Make),
    ];
}
