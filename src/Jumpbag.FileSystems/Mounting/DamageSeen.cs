using Jumpbag.Core;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>Catches what a reader works around: who asks the kernel for a file can be told an error, and nothing in between. One a thread.</summary>
internal sealed class DamageSeen
{
    [ThreadStatic]
    private static DamageSeen? ofThread;

    private DamageSeen() => Sink = damage => First ??= damage;

    public DamageSink Sink { get; }

    /// <summary>Since <see cref="Begin"/>; null where there was none.</summary>
    public Damage? First { get; private set; }

    public static DamageSeen Begin()
    {
        DamageSeen seen = ofThread ??= new();
        seen.First = null;
        return seen;
    }
}
