using System.Globalization;

namespace Jumpbag.Host;

/// <summary>Where Jumpbag keeps what must outlive a command, and where that goes while this cannot be written.</summary>
public static class StateFolder
{
    /// <summary>$JUMPBAG_STATE, else root's /var/lib/jumpbag, else $XDG_STATE_HOME/jumpbag or ~/.local/state/jumpbag.</summary>
    public static string Path { get; } =
        Variable("JUMPBAG_STATE") is { } named ? System.IO.Path.GetFullPath(named)
        : ProcessIdentity.EffectiveUser == 0 ? "/var/lib/jumpbag"
        : Variable("XDG_STATE_HOME") is { } state ? System.IO.Path.Combine(state, "jumpbag")
        : System.IO.Path.Combine(Variable("HOME") ?? "/", ".local/state/jumpbag");

    /// <summary>
    /// Folders that stand in for it, the lasting ones first; each is this user's own and belongs to this state folder, so that
    /// neither another's nor a test's is taken for it. JUMPBAG_FALLBACK (folders between colons) names others.
    /// </summary>
    public static IReadOnlyList<string> Fallbacks { get; } = MakeFallbacks();

    private static string[] MakeFallbacks()
    {
        uint user = ProcessIdentity.EffectiveUser;
        string[] places = Variable("JUMPBAG_FALLBACK") is { } named ? named.Split(':', StringSplitOptions.RemoveEmptyEntries)
            : ["/var/tmp", user == 0 ? "/run" : Variable("XDG_RUNTIME_DIR") ?? "/run", "/dev/shm", "/tmp"];
        // FNV-1a: it only tells folders apart, and costs nothing at the start of every command.
        uint hash = 2166136261;
        foreach (char c in Path)
            hash = (hash ^ c) * 16777619;
        string name = string.Create(CultureInfo.InvariantCulture, $"jumpbag-{user}-{hash:x8}");
        return [.. places.Select(place => System.IO.Path.Combine(place, name))];
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
