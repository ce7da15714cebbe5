using Jumpbag.Core;

namespace Jumpbag.FileSystems;

/// <summary>
/// Joins ranges of one file that follow one another and have one cause, so that each is told once, however small the pieces
/// that it was met in.
/// </summary>
internal sealed class DamageRuns(DamageSink tell)
{
    private Damage? held;

    public void Add(Damage found)
    {
        if (held is { Length: > 0 } last && found.Length > 0 && last.Cause == found.Cause && last.Offset + last.Length == found.Offset)
        {
            held = last with { Length = last.Length + found.Length };
            return;
        }
        Flush();
        held = found;
    }

    /// <summary>Tells what is held: at the end of the file.</summary>
    public void Flush()
    {
        if (held is { } last)
            tell(last);
        held = null;
    }
}
