using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal;
using Jumpbag.FileSystems.Ext.Journal.Format;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

/// <summary>The rules of jbd2's recovery that debugfs and the kernel cannot be made to write the cases of.</summary>
public sealed class JournalReplayTests
{
    private const JournalFeatures V2 = JournalFeatures.ChecksumV2, V3 = JournalFeatures.ChecksumV3;

    public static TheoryData<JournalFeatures, bool> Checksummed() => new() { { V2, false }, { V3, false }, { JournalFeatures.None, true } };

    public static TheoryData<JournalFeatures, bool> Forms()
    {
        var forms = new TheoryData<JournalFeatures, bool>();
        foreach (JournalFeatures bits in new[] { JournalFeatures.None, JournalFeatures.Bits64 })
        {
            forms.Add(bits, false);
            forms.Add(bits, true);
            forms.Add(bits | V2, false);
            forms.Add(bits | V3, false);
        }
        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void a_log_that_wraps_is_followed_and_its_last_copies_win(JournalFeatures features, bool sums)
    {
        JournalBuilder journal = new JournalBuilder(features, sums, start: 60)
            .Blocks((5, 1), (6, 1), (7, 0xC0)).Commit().Blocks((5, 2), (8, 0xC0)).Commit().Blocks((6, 3)).Commit();
        Assert.Equal("5:2 6:3 7:192 8:192", Shown(journal, transactions: 3));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void a_transaction_without_a_commit_does_not_count(JournalFeatures features, bool sums) =>
        Assert.Equal("5:1", Shown(new JournalBuilder(features, sums).Blocks((5, 1)).Commit().Blocks((5, 2), (6, 2)), transactions: 1));

    [Theory]
    [MemberData(nameof(Forms))]
    public void a_revoke_hides_copies_of_its_own_and_earlier_transactions_only(JournalFeatures features, bool sums)
    {
        JournalBuilder journal = new JournalBuilder(features | JournalFeatures.Revoke, sums)
            .Blocks((5, 1), (6, 1), (7, 1)).Commit().Blocks((7, 2)).Revoke(5, 6, 7).Commit().Blocks((6, 3)).Commit();
        Assert.Equal("6:3", Shown(journal, transactions: 3));
    }

    [Fact]
    public void a_revoke_of_a_transaction_that_does_not_count_hides_nothing() =>
        Assert.Equal("5:1", Shown(new JournalBuilder(JournalFeatures.Revoke).Blocks((5, 1)).Commit().Revoke(5), transactions: 1));

    [Fact]
    public void transaction_numbers_wrap()
    {
        JournalBuilder journal = new JournalBuilder(JournalFeatures.Revoke, sequence: 0xFFFF_FFFE)
            .Blocks((5, 1), (6, 1)).Commit().Revoke(5).Commit().Blocks((5, 3)).Commit().Revoke(6).Commit();
        Assert.Equal("5:3", Shown(journal, transactions: 4));
    }

    [Fact]
    public void a_left_over_transaction_of_an_earlier_use_ends_the_log()
    {
        JournalBuilder journal = new JournalBuilder().Blocks((5, 1)).Commit();
        // A block of an older transaction stands where the next one is expected.
        Span<byte> old = journal.Bytes.AsSpan((int)journal.Position * JournalBuilder.BlockSize);
        journal.Bytes.AsSpan(JournalBuilder.BlockSize, JournalBuilder.BlockSize).CopyTo(old);
        Assert.Equal("5:1", Shown(journal, transactions: 1));
    }

    [Theory]
    [MemberData(nameof(Checksummed))]
    public void a_commit_with_a_bad_checksum_ends_the_log_and_is_said(JournalFeatures features, bool sums)
    {
        JournalBuilder journal = new JournalBuilder(features, sums)
            .Blocks((5, 1)).Commit().Blocks((5, 2)).Commit().Damage(0x12).Blocks((5, 3)).Commit();
        Assert.Equal("5:1", Shown(journal, transactions: 1, warning: "transaction 2 of the journal has a bad checksum"));
    }

    [Fact]
    public void an_asynchronous_commit_that_was_interrupted_is_no_error()
    {
        JournalBuilder journal = new JournalBuilder(JournalFeatures.AsyncCommit, transactionSums: true)
            .Blocks((5, 1)).Commit().Blocks((5, 2)).Damage().Commit();
        Assert.Equal("5:1", Shown(journal, transactions: 1));
    }

    [Fact]
    public void an_asynchronous_commit_that_is_bad_with_another_behind_it_is_said()
    {
        JournalBuilder journal = new JournalBuilder(JournalFeatures.AsyncCommit, transactionSums: true)
            .Blocks((5, 1)).Commit().Blocks((5, 2)).Damage().Commit().Blocks((6, 3)).Commit();
        Assert.Equal("5:1", Shown(journal, transactions: 1, warning: "transaction 2 of the journal has a bad checksum"));
    }

    [Theory]
    [InlineData(V2)]
    [InlineData(V3)]
    public void a_copy_with_a_bad_checksum_is_left_out_and_the_one_before_it_holds(JournalFeatures features)
    {
        JournalBuilder journal = new JournalBuilder(features)
            .Blocks((5, 1), (6, 1)).Commit().Blocks((6, 2), (5, 2)).Damage().Commit();
        Assert.Equal("5:1 6:2", Shown(journal, transactions: 2, warning: "1 blocks of the journal are unreadable or have a bad checksum"));
    }

    [Theory]
    [InlineData(V2)]
    [InlineData(V3)]
    public void a_bad_descriptor_within_a_committed_transaction_makes_jbd2_give_up(JournalFeatures features)
    {
        JournalBuilder journal = new JournalBuilder(features | JournalFeatures.Revoke)
            .Blocks((5, 1)).Commit().Revoke(9).Damage(BadTail).Commit();
        Assert.Throws<CorruptException>(() => Run(journal));
    }

    [Theory]
    [InlineData(V2)]
    [InlineData(V3)]
    public void a_bad_descriptor_of_an_older_commit_is_taken_for_left_over(JournalFeatures features)
    {
        JournalBuilder journal = new JournalBuilder(features | JournalFeatures.Revoke) { CommitSeconds = 5000 }
            .Blocks((5, 1)).Commit();
        journal.CommitSeconds = 10;
        journal.Revoke(9).Damage(BadTail).Commit();
        Assert.Equal("5:1", Shown(journal, transactions: 1));
    }

    [Theory]
    [InlineData(V2)]
    [InlineData(V3)]
    public void a_commit_of_which_only_the_first_sector_was_written_counts(JournalFeatures features)
    {
        JournalBuilder journal = new JournalBuilder(features).Blocks((5, 1)).Commit();
        Array.Fill(journal.Bytes, (byte)0xEE, (int)(journal.Position - 1) * JournalBuilder.BlockSize + 512, 512);
        Assert.Equal("5:1", Shown(journal, transactions: 1));
    }

    [Fact]
    public void blocks_outside_of_the_filesystem_are_left_out() =>
        Assert.Equal("5:1", Shown(new JournalBuilder(JournalFeatures.Bits64).Blocks((5, 1), (1UL << 60, 2), (64, 2)).Commit(),
            transactions: 1, warning: "2 blocks of the journal belong outside of the filesystem"));

    [Fact]
    public void a_log_that_runs_in_a_circle_is_corrupt()
    {
        var journal = new JournalBuilder(JournalFeatures.Revoke);
        for (int i = 1; i < 64; i++)
            journal.Revoke(5);
        Assert.Throws<CorruptException>(() => Run(journal));
    }

    [Theory]
    [InlineData(0x00, 0u)] // h_magic
    [InlineData(0x04, 9u)] // h_blocktype
    [InlineData(0x0C, 4096u)] // s_blocksize
    [InlineData(0x10, 65u)] // s_maxlen: more than there is
    [InlineData(0x14, 0u)] // s_first
    [InlineData(0x1C, 64u)] // s_start
    [InlineData(0x28, 0x18u)] // two versions of checksums
    public void a_superblock_that_cannot_be_is_corrupt(int offset, uint value) =>
        Assert.Throws<CorruptException>(() => Run(new JournalBuilder().Set(offset, value)));

    [Theory]
    [InlineData(0x28, 0x40u)]
    [InlineData(0x2C, 1u)]
    public void unknown_features_are_refused(int offset, uint value) =>
        Assert.Throws<UnsupportedException>(() => Run(new JournalBuilder().Set(offset, value)));

    [Fact]
    public void a_superblock_with_a_bad_checksum_is_corrupt()
    {
        var journal = new JournalBuilder(V3);
        journal.Bytes[0x18]++;
        Assert.Throws<CorruptException>(() => Run(journal));
    }

    [Fact]
    public void version_1_of_the_superblock_has_no_features()
    {
        JournalBuilder journal = new JournalBuilder().Blocks((5, 1)).Commit();
        journal.Set(0x04, 3).Set(0x28, 0xFFFF_FFFF);
        Assert.Equal("5:1", Shown(journal, transactions: 1));
    }

    /// <summary>The last byte of the block's own checksum.</summary>
    private const int BadTail = JournalBuilder.BlockSize - 1;

    private static JournalReplay Run(JournalBuilder journal) =>
        JournalReplay.Run(new MemoryDevice(new byte[64 * JournalBuilder.BlockSize]), JournalLog.Open(journal.Device, JournalBuilder.BlockSize), 64);

    /// <summary>The blocks that are not zero any more, with the byte that fills them.</summary>
    private static string Shown(JournalBuilder journal, uint transactions, string? warning = null)
    {
        JournalReplay replay = Run(journal);
        Assert.Equal(transactions, replay.Transactions);
        if (warning == null)
            Assert.Empty(replay.Warnings);
        else
            Assert.StartsWith(warning, Assert.Single(replay.Warnings), StringComparison.Ordinal);
        var shown = new List<string>();
        byte[] block = new byte[JournalBuilder.BlockSize];
        for (int i = 0; i < 64; i++)
        {
            replay.Device.Read(i * JournalBuilder.BlockSize, block);
            if (block[^1] == 0)
                continue;
            Assert.Equal(JournalBuilder.Filled(block[^1]), block);
            shown.Add($"{i}:{block[^1]}");
        }
        Assert.Equal(replay.Blocks, shown.Count);
        return string.Join(' ', shown);
    }
}
