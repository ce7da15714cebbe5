using System.Globalization;
using System.Text;

namespace Jumpbag.Host;

/// <summary>How it is known who someone is.</summary>
public enum LoginEvidence
{
    /// <summary>The kernel's record of who logged in (loginuid): it stays through su and sudo.</summary>
    Login,

    /// <summary>What sudo says, to root only, whom nobody but root can be.</summary>
    Sudo,

    /// <summary>The user of this process.</summary>
    Uid,
}

/// <summary>The person on whose behalf this process runs. Never taken from a variable that anyone can set.</summary>
public readonly record struct Login(uint Uid, string Name, LoginEvidence Evidence)
{
    private const uint Unset = uint.MaxValue;

    public static Login Current()
    {
        uint uid = Libc.getuid();
        if (Number(ReadText("/proc/self/loginuid")) is { } login and not Unset)
            return Of(login, LoginEvidence.Login);
        if (uid == 0 && Number(Environment.GetEnvironmentVariable("SUDO_UID")) is { } sudo and not Unset)
            return Of(sudo, LoginEvidence.Sudo);
        return Of(uid, LoginEvidence.Uid);
    }

    private static Login Of(uint uid, LoginEvidence evidence) => new(uid, NameOf(uid), evidence);

    /// <summary>From the file, since a name service may be what is broken, and would be waited for.</summary>
    public static string NameOf(uint uid)
    {
        foreach (string line in ReadText("/etc/passwd").Split('\n'))
            if (line.Split(':') is [{ Length: > 0 } name, _, var number, ..] && Number(number) == uid)
                return name;
        return string.Create(CultureInfo.InvariantCulture, $"uid{uid}");
    }

    private static uint? Number(string? text) => uint.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;

    /// <summary>Empty where it cannot be read: then the next evidence is asked.</summary>
    private static string ReadText(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
