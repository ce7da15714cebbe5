using Jumpbag.Host;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <param name="Uid">On the event's host; null of one who came with a token.</param>
/// <param name="Identity">How it is known: "login", "sudo", "uid" or "token".</param>
public sealed record Author(string Name, uint? Uid, string Identity)
{
    public static Author Current()
    {
        Login login = Login.Current();
        return new(login.Name, login.Uid, login.Evidence.ToString().ToLowerInvariant());
    }

    /// <summary>Names tell people apart, also between machines, where numbers differ.</summary>
    public bool IsSamePersonAs(Author other) => Name == other.Name;

    public override string ToString() => $"{Name} ({Identity})";
}

/// <summary>One event as the journal has it.</summary>
/// <param name="At">When it happened, where that is not when it was written.</param>
/// <param name="Line">Its bytes, without the newline.</param>
public sealed record Entry(
    string Id, string Prev, DateTimeOffset Time, DateTimeOffset? At, Author Author, string Host, EventData Data, string Hash, ReadOnlyMemory<byte> Line)
{
    /// <summary>When it happened.</summary>
    public DateTimeOffset When => At ?? Time;
}
