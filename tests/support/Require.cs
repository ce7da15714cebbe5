using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>What a test needs of the machine; where it is missing the test is skipped, visibly and with the reason.</summary>
public static class Require
{
    public static void Root() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");

    public static void Tool(string program) =>
        Assert.SkipUnless(Shell.Find(program) is not null, $"needs the program {program}");

    /// <summary>A kernel with FUSE, and the right to mount it: root's, or fusermount3's.</summary>
    public static void Fuse()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "needs /dev/fuse");
        if (!Environment.IsPrivilegedProcess)
            Tool("fusermount3");
    }

    /// <summary>Root, and a kernel that has loop devices: some containers give the one without the other.</summary>
    public static void LoopMounts()
    {
        Root();
        Assert.SkipUnless(File.Exists("/dev/loop-control"), "needs loop devices");
        Tool("mount");
        Tool("losetup");
    }
}
