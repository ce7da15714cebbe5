using Jumpbag.CommandLine;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Loading;

/// <summary>Tells how inputs end.</summary>
internal static class DumpEnds
{
    /// <summary>The status: partial where one is cut.</summary>
    public static int Tell(DumpInput input, IReadOnlyList<DumpTail> tails, Session session)
    {
        foreach (DumpTail tail in tails)
        {
            string name = input.Files[tail.File].Name;
            if (tail.State == DumpTailState.Truncated)
                session.Events(new Warning($"{name} is cut off at byte {tail.Offset}: {tail.Why}", "what stands before that place is whole; for the rest another copy is needed"));
            else if (tail.State == DumpTailState.NoTrailer)
                session.Events(new Status(name, tail.Why));
        }
        return tails.Any(tail => tail.State == DumpTailState.Truncated) ? ExitStatus.Partial : ExitStatus.Done;
    }
}
