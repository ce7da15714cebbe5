using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>
/// A FUSE filesystem whose server takes every request and answers none but the first: whoever asks it is stuck in the kernel, and cannot be killed,
/// until the server's end of the connection is closed.
/// </summary>
internal sealed partial class SilentMount : IDisposable
{
    private const int ReadWrite = 2, CloseOnExec = 0x80000, Detach = 2, HeaderOut = 16, InitOut = 64;

    private readonly SafeFileHandle device;
    private readonly Thread server;
    private volatile bool isOver;

    public SilentMount(string folder)
    {
        Directory.CreateDirectory(folder);
        Folder = folder;
        device = new(open("/dev/fuse", ReadWrite | CloseOnExec), ownsHandle: true);
        Assert.False(device.IsInvalid, "/dev/fuse cannot be opened");
        string options = $"fd={device.DangerousGetHandle()},rootmode=40000,user_id=0,group_id=0,allow_other";
        Assert.True(mount("silent", folder, "fuse.silent", 0, options) == 0, $"mount: errno {Marshal.GetLastPInvokeError()}");
        server = new(Swallow) { IsBackground = true };
        server.Start();
    }

    public string Folder { get; }

    /// <summary>Requests that wait for an answer that never comes.</summary>
    public int Waiting { get; private set; }

    public void Dispose()
    {
        // The connection's end lets all go that are stuck in it.
        foreach (string connection in Directory.Exists("/sys/fs/fuse/connections") ? Directory.GetDirectories("/sys/fs/fuse/connections") : [])
            if (Path.GetFileName(connection) == Device())
                File.WriteAllText(Path.Combine(connection, "abort"), "1");
        _ = umount2(Folder, Detach);
        // Where the connection has no such file, it ends with the last one who has the device open; that is not to be somebody who reads it for ever.
        isOver = true;
        server.Join();
        device.Dispose();
    }

    /// <summary>The minor number of the mount's device.</summary>
    private string Device() => File.ReadLines("/proc/self/mountinfo").First(line => line.Split(' ')[4] == Folder).Split(' ')[2].Split(':')[1];

    private void Swallow()
    {
        var buffer = new byte[1 << 20];
        while (!isOver)
        {
            var wanted = new PollDescriptor { Descriptor = (int)device.DangerousGetHandle(), Events = 1 };
            if (poll(ref wanted, 1, 50) <= 0)
                continue;
            if (read(device, buffer, buffer.Length) is not (> 0 and var count))
                return;
            // struct fuse_in_header: u32 len, u32 opcode, u64 unique, …; FUSE_INIT is 26.
            if (BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(4)) != 26)
            {
                Waiting++;
                continue;
            }
            var answer = new byte[HeaderOut + InitOut];
            BinaryPrimitives.WriteInt32LittleEndian(answer, answer.Length);
            buffer.AsSpan(8, 8).CopyTo(answer.AsSpan(8));
            BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(16), 7);
            BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(20), 31);
            BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(36), 4096); // max_write
            _ = write(device, answer, answer.Length);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, [Out] byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events, Answered;
    }
}
