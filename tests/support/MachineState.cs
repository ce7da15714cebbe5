using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Jumpbag.Tests.Support;

/// <summary>
/// Tests neither see nor touch what Jumpbag keeps on the machine they run on: while an incident is open there, every command
/// of a test would write into its journal, and a configured board or store would be told.
/// </summary>
internal static class MachineState
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "it must hold before the first program is started, in every suite")]
    internal static void Replace()
    {
        // Other users' programs look into it too, so this is no private folder.
        string folder = Path.Combine(Path.GetTempPath(), $"jumpbag-test-state-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "jumpbag.toml"), []);
        Environment.SetEnvironmentVariable("JUMPBAG_STATE", folder);
        Environment.SetEnvironmentVariable("JUMPBAG_CONFIG", Path.Combine(folder, "jumpbag.toml"));
        foreach (string name in new[] { "JUMPBAG_BOARD", "JUMPBAG_BOARD_TOKEN_FILE", "JUMPBAG_FALLBACK", "JUMPBAG_STORE", "JUMPBAG_TRACE" })
            Environment.SetEnvironmentVariable(name, null);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
