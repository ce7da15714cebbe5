using System.Diagnostics;
using Jumpbag.CommandLine;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Loading;

/// <summary>How far the reading of a dump is, in bytes of its files.</summary>
internal static class DumpProgress
{
    public static Action Step(DumpInput input, string activity, Session session)
    {
        var clock = Stopwatch.StartNew();
        return () => session.Events(new Progressed(new(activity, 0, null, input.Position, input.Length, clock.Elapsed)));
    }
}
