namespace Jumpbag.Storage;

/// <summary>Joins neighbouring extents that are one run: maps of several devices give more pieces than there are.</summary>
public static class ExtentMerging
{
    public static IEnumerable<Extent> Merged(this IEnumerable<Extent> extents)
    {
        Extent? held = null;
        foreach (Extent next in extents)
        {
            if (held is { } run && Continues(run, next))
            {
                held = run with { Length = run.Length + next.Length };
                continue;
            }
            if (held is { } done)
                yield return done;
            held = next;
        }
        if (held is { } last)
            yield return last;
    }

    private static bool Continues(Extent run, Extent next) =>
        run.Kind == next.Kind && run.Offset + run.Length == next.Offset
        && (run.Kind != ExtentKind.Data || (run.Source == next.Source && run.SourceOffset + run.Length == next.SourceOffset))
        && (run.Kind != ExtentKind.Unreadable || run.Reason == next.Reason);
}
