using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Incident.Notifying;

/// <summary>The hooks of this machine, in STATE/notify.json, which only its owner can read: addresses of webhooks are secrets.</summary>
public sealed class HookList(string stateFolder)
{
    private string File => Path.Combine(stateFolder, "notify.json");

    public IReadOnlyList<Hook> Read()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), NotifyJson.Default.HookFile)?.Hooks ?? [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FailedException($"{File}: {e.Message}", "remove the file and add the hooks again with 'jumpbag incident notify'", e);
        }
    }

    public Hook Add(string? webhook, string? command, IReadOnlyList<string> on)
    {
        IReadOnlyList<Hook> all = Read();
        int number = 1;
        while (all.Any(hook => hook.Name == $"N{number}"))
            number++;
        var added = new Hook($"N{number}", on, webhook, command);
        Write([.. all, added]);
        return added;
    }

    public void Remove(string name)
    {
        IReadOnlyList<Hook> all = Read();
        if (!all.Any(hook => hook.Name == name))
            throw new NotFoundException($"{name}: no such hook", "'jumpbag incident notify' lists them");
        Write([.. all.Where(hook => hook.Name != name)]);
    }

    private void Write(IReadOnlyList<Hook> hooks) =>
        WholeFile.Write(File, JsonSerializer.SerializeToUtf8Bytes(new HookFile(hooks), NotifyJson.Default.HookFile));
}
