using System.Runtime.InteropServices;
using System.Text;
using Jumpbag.Host;

namespace Jumpbag.Tests.Unit.Host;

public sealed unsafe partial class TerminalPromptTests
{
    /// <summary>A terminal of the kernel's own, with a person at the other end who types when the prompt is there.</summary>
    [Fact]
    public void what_is_typed_is_returned_and_not_shown()
    {
        const int ReadWriteNoControl = 0x102;
        int master = posix_openpt(ReadWriteNoControl);
        Assert.SkipWhen(master < 0, "needs pseudo-terminals");
        Assert.Equal(0, grantpt(master));
        Assert.Equal(0, unlockpt(master));
        string name = Marshal.PtrToStringUTF8(ptsname(master))!;
        string? answer = null;
        var asking = new Thread(() => answer = TerminalPrompt.AskHidden("Password: ", name));
        asking.Start();
        string shown = ReadUntil(master, "Password: ");
        // The settings change after the prompt, and what was typed before is thrown away.
        Thread.Sleep(300);
        byte[] typed = Encoding.UTF8.GetBytes("sécret x\n");
        fixed (byte* start = typed)
            Assert.Equal(typed.Length, write(master, start, (nuint)typed.Length));
        Assert.True(asking.Join(5000));
        shown += ReadUntil(master, "\n");
        Assert.Equal("sécret x", answer);
        Assert.Equal("Password: \r\n", shown);
        _ = close(master);
    }

    [Fact]
    public void without_a_terminal_nobody_is_asked() => Assert.Null(TerminalPrompt.AskHidden("?", "/dev/null"));

    private static string ReadUntil(int master, string end)
    {
        var text = new StringBuilder();
        byte* one = stackalloc byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal) && read(master, one, 1) == 1)
            text.Append((char)*one);
        return text.ToString();
    }

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int master);

    [LibraryImport("libc")]
    private static partial int unlockpt(int master);

    [LibraryImport("libc")]
    private static partial nint ptsname(int master);

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
