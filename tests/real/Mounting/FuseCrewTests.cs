using Jumpbag.Core;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>Several threads serve a mount: a request that takes long keeps nobody else waiting.</summary>
public sealed class FuseCrewTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1500)] // So long that those who stand by have gone to sleep.
    public async Task whoever_reads_something_else_is_not_kept_waiting(int idle)
    {
        Require.Fuse();
        using var folder = new TemporaryFolder();
        using var stuck = new StuckDevice();
        ByteString point = MountPoint.Check(ByteString.FromText(Directory.CreateDirectory(folder.File("m")).FullName));
        string[] names = ["a", "b", "c"];
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        var files = new RawFiles([new(ByteString.FromText("quick"), new MemoryDevice(new byte[1 << 20])), .. names.Select(name => new RawFile(ByteString.FromText(name), stuck))], (_, e) => Assert.Fail(e.Message));
        using (FuseMount.Start(point, files, new() { Source = ByteString.FromText("test"), Threads = 4 }))
        {
            Assert.Equal(4, Directory.GetFiles($"{point}").Length);
            await Task.Delay(idle, cancelled);
            // Three of the four threads are kept busy. Each has its request alone, without another one that waits behind it, so nobody
            // is told to take over.
            var slow = new List<Task<string>>();
            foreach (string name in names)
            {
                slow.Add(Task.Factory.StartNew(() => Shell.Run("dd", "if=" + $"{point}/{name}", "iflag=direct", "bs=4k", "count=1", "status=none"), cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default));
                Assert.True(await stuck.Entered.WaitAsync(TimeSpan.FromSeconds(20), cancelled), $"the read of {name} was not taken");
            }
            for (int i = 0; i < 50; i++)
                Assert.Equal(0, Shell.Try("timeout", "20", "dd", "if=" + $"{point}/quick", "of=/dev/null", "iflag=direct", "bs=64k", "status=none").Status);
            Assert.DoesNotContain(slow, reader => reader.IsCompleted);
            stuck.Release.Set();
            Assert.All(await Task.WhenAll(slow).WaitAsync(TimeSpan.FromSeconds(20), cancelled), text => Assert.Equal(4096, text.Length));
        }
        Assert.DoesNotContain($"{point}", File.ReadAllText("/proc/self/mountinfo"));
    }

    /// <summary>Answers nobody until it is let go.</summary>
    private sealed class StuckDevice : BlockDevice, IDisposable
    {
        public SemaphoreSlim Entered { get; } = new(0);

        public ManualResetEventSlim Release { get; } = new();

        public override long Length => 1 << 20;

        public override void Read(long offset, Span<byte> destination)
        {
            Entered.Release();
            Release.Wait();
            destination.Fill((byte)'x');
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => throw new NotSupportedException();

        public void Dispose()
        {
            Entered.Dispose();
            Release.Dispose();
        }
    }
}
