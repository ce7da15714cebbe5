using Jumpbag.Host;

namespace Jumpbag.FactFinding;

/// <summary>What is run on another machine by its sh: the jumpbag that is there, or this one, carried along and taken away again.</summary>
internal static class RemoteScript
{
    /// <summary>Says, instead of facts, that there is no jumpbag, and what kind of machine it is.</summary>
    public const string Absent = "absent";

    /// <param name="arguments">Of "facts --json"; none needs quotes.</param>
    public static string Installed(string arguments) => Wrapped($$"""
        if command -v jumpbag >/dev/null 2>&1 && jumpbag facts --help >/dev/null 2>&1; then exec jumpbag facts --json {{arguments}} </dev/null; fi
        printf "{\"type\":\"{{Absent}}\",\"text\":\"%s %s\"}\n" "$(uname -s)" "$(uname -m)"
        """);

    /// <summary>
    /// Takes the program from standard input into a private folder of the first place that lets programs run, in memory where that is possible, and
    /// removes it at the end, also where the connection breaks.
    /// </summary>
    public static string Carried(string arguments) => Wrapped($$"""
        umask 077
        for place in /dev/shm /tmp /var/tmp "$HOME"; do
          folder=$(mktemp -d "$place/jumpbag-facts.XXXXXXXX" 2>/dev/null) || continue
          trap "rm -rf \"$folder\"" 0; trap "exit 130" 1 2 13 15
          if [ -z "$carried" ]; then cat >"$folder/jumpbag"; else cp "$carried" "$folder/jumpbag" && rm -rf "$before"; fi
          carried=$folder/jumpbag; before=$folder
          chmod 700 "$carried"
          if "$carried" version >/dev/null 2>&1; then "$carried" facts --json {{arguments}} </dev/null; exit; fi
        done
        echo "the program that was carried there does not run: another C library, or no folder that lets programs run" >&2
        exit 126
        """);

    /// <summary>Whatever shell the other side's login has.</summary>
    private static string Wrapped(string script) => "exec sh -c " + ShellWord.Quote(script);
}
