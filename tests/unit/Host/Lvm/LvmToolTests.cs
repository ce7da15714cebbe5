using Jumpbag.Core;
using Jumpbag.Host.Lvm;

namespace Jumpbag.Tests.Unit.Host.Lvm;

public sealed class LvmToolTests
{
    /// <summary>What lvs 2.03.16 printed of a group with a linear volume, a snapshot of it, a thin volume and its pool.</summary>
    private const string Report = """
          {
              "report": [
                  {
                      "lv": [
                          {"vg_name":"host", "lv_name":"plain", "lv_uuid":"a", "lv_size":"50331648", "lv_layout":"linear", "lv_role":"public,origin,thickorigin", "origin":"", "pool_lv":"", "lv_tags":"", "lv_active":"active", "lv_path":"/dev/host/plain", "lv_kernel_major":"254", "lv_kernel_minor":"0", "vg_extent_size":"1048576", "vg_free_count":"100", "data_percent":"", "metadata_percent":"", "lv_time":"2026-11-27 12:00:00 +0000"},
                          {"vg_name":"host", "lv_name":"jumpbag_plain_1_2", "lv_uuid":"b", "lv_size":"50331648", "lv_layout":"linear", "lv_role":"public,snapshot,thicksnapshot", "origin":"plain", "pool_lv":"", "lv_tags":"jumpbag.owner=h/b/1/2,jumpbag.snapshot", "lv_active":"active", "lv_path":"/dev/host/jumpbag_plain_1_2", "lv_kernel_major":"254", "lv_kernel_minor":"3", "vg_extent_size":"1048576", "vg_free_count":"100", "data_percent":"12.50", "metadata_percent":"", "lv_time":"2026-11-27 12:00:00 +0000"},
                          {"vg_name":"a-b", "lv_name":"thin", "lv_uuid":"c", "lv_size":"67108864", "lv_layout":"thin,sparse", "lv_role":"public", "origin":"", "pool_lv":"po-ol", "lv_tags":"", "lv_active":"", "lv_path":"/dev/a-b/thin", "lv_kernel_major":"-1", "lv_kernel_minor":"-1", "vg_extent_size":"4194304", "vg_free_count":"0", "data_percent":"1.56", "metadata_percent":"", "lv_time":"x"},
                          {"vg_name":"a-b", "lv_name":"po-ol", "lv_uuid":"d", "lv_size":"41943040", "lv_layout":"thin,pool", "lv_role":"private", "origin":"", "pool_lv":"", "lv_tags":"", "lv_active":"active", "lv_path":"", "lv_kernel_major":"254", "lv_kernel_minor":"9", "vg_extent_size":"4194304", "vg_free_count":"0", "data_percent":"42.19", "metadata_percent":"10.55", "lv_time":"x"}
                      ]
                  }
              ]
          }
        """;

    private static readonly IReadOnlyList<LiveVolume> Volumes = LvmTool.ParseReport(Report);

    private static readonly DateTime Now = new(2026, 11, 27, 12, 0, 1);

    [Fact]
    public void a_report_of_lvs_is_read()
    {
        Assert.Equal(["host/plain", "host/jumpbag_plain_1_2", "a-b/thin", "a-b/po-ol"], Volumes.Select(volume => volume.FullName));
        Assert.Equal((50331648, 1048576, 100, "254:0", "/dev/host/plain", false), (Volumes[0].Size, Volumes[0].ExtentSize, Volumes[0].FreeExtents, Volumes[0].Number, Volumes[0].Path, Volumes[0].IsThin));
        Assert.Equal(("plain", 12.5, "host-jumpbag_plain_1_2"), (Volumes[1].Origin, Volumes[1].DataPercent, Volumes[1].MapperName));
        Assert.Equal(["jumpbag.owner=h/b/1/2", "jumpbag.snapshot"], Volumes[1].Tags);
        Assert.Equal((true, false, null, "a--b-po--ol-tpool"), (Volumes[2].IsThin, Volumes[2].IsActive, Volumes[2].Number, Volumes[2].PoolMapperName));
        Assert.Equal((false, 42.19, 10.55), (Volumes[3].IsThin, Volumes[3].DataPercent, Volumes[3].MetadataPercent));
    }

    [Fact]
    public void the_report_of_lvs_with_numbers_and_arrays_is_read_too()
    {
        LiveVolume volume = Assert.Single(LvmTool.ParseReport("""{"report":[{"lv":[{"vg_name":"v","lv_name":"[l]","lv_size":4096,"lv_layout":["thin","sparse"],"lv_tags":["a","b"],"data_percent":1.5,"lv_kernel_major":254,"lv_kernel_minor":1}]}],"log":[]}"""));
        Assert.Equal(("v/l", 4096, true, 1.5, "254:1"), (volume.FullName, volume.Size, volume.IsThin, volume.DataPercent, volume.Number));
        Assert.Equal(["a", "b"], volume.Tags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("  /dev/x: not found\n{\"report\":[]}")]
    [InlineData("{\"report\":3}")]
    public void what_is_no_report_is_a_failure(string text) => Assert.StartsWith("lvs: its report cannot be read", Assert.Throws<FailedException>(() => LvmTool.ParseReport(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(10L << 20, 10L << 20, "host has 100M (100 extents of 1M) free; the snapshot takes 10M")]
    [InlineData((10L << 20) + 1, 11L << 20, "host has 100M (100 extents of 1M) free; the snapshot takes 11M")]
    [InlineData(1L, 1L << 20, "host has 100M (100 extents of 1M) free; the snapshot takes 1M")]
    [InlineData(null, 10L << 20, "host has 100M (100 extents of 1M) free; the snapshot takes 10M (20% of the origin's 48M; --size chooses)")]
    public void a_snapshot_takes_whole_extents(long? wanted, long size, string explanation)
    {
        SnapshotPlan plan = SnapshotPlan.Make(Volumes[0], wanted, null, Now);
        Assert.Equal((size, explanation), (plan.Size, plan.Explanation));
        Assert.Equal($"jumpbag_plain_1127120001_{Environment.ProcessId}", plan.Name);
    }

    [Fact]
    public void without_a_size_it_takes_what_there_is()
    {
        SnapshotPlan plan = SnapshotPlan.Make(Volumes[0] with { FreeExtents = 3 }, null, null, Now);
        Assert.Equal((3L << 20, "host has 3M (3 extents of 1M) free; the snapshot takes 3M (all there is, and less than 20% of the origin's 48M)"), (plan.Size, plan.Explanation));
    }

    [Fact]
    public void too_few_extents_are_said_with_the_numbers()
    {
        var failure = Assert.Throws<FailedException>(() => SnapshotPlan.Make(Volumes[0], 101L << 20, null, Now));
        Assert.Equal(("host has 100M (100 extents of 1M) free, and a snapshot of 101M takes 101 extents", "--size 100M takes all there is"), (failure.Message, failure.Hint));
        failure = Assert.Throws<FailedException>(() => SnapshotPlan.Make(Volumes[0] with { FreeExtents = 0 }, null, null, Now));
        Assert.Equal("host has 0B (0 extents of 1M) free, and a snapshot of 10M takes 10 extents", failure.Message);
    }

    [Fact]
    public void a_thin_volume_gets_a_thin_snapshot()
    {
        SnapshotPlan plan = SnapshotPlan.Make(Volumes[2], 5L << 30, Volumes[3], Now);
        Assert.Null(plan.Size);
        Assert.Equal("the pool a-b/po-ol of 40M is full to 42.2% of data, 10.6% of metadata; a thin snapshot takes its room there", plan.Explanation);
        Assert.Equal(["--yes", "--snapshot", "--name", plan.Name, "--ignoreactivationskip", "--addtag", "jumpbag.snapshot", "--addtag", "jumpbag.owner=h/b/7/9", "a-b/thin"], plan.CreateArguments(new("h", "b", 7, 9)));
        Assert.Throws<FailedException>(() => SnapshotPlan.Make(Volumes[2], null, Volumes[3] with { MetadataPercent = 100 }, Now));
    }

    [Fact]
    public void of_a_pool_or_a_snapshot_none_is_taken()
    {
        Assert.Throws<UnsupportedException>(() => SnapshotPlan.Make(Volumes[3], null, null, Now));
        Assert.Throws<UnsupportedException>(() => SnapshotPlan.Make(Volumes[1], null, null, Now));
    }

    [Fact]
    public void a_long_name_still_fits_into_device_mapper()
    {
        SnapshotPlan plan = SnapshotPlan.Make(Volumes[0] with { Name = new string('x', 100) }, null, null, Now);
        Assert.InRange(plan.Name.Length, 40, 75);
    }

    [Theory]
    [InlineData("0 98304 snapshot 16/204800 16\n", 16.0 / 204800, null, null)]
    [InlineData("0 98304 snapshot Invalid\n", 1.0, null, "it overflowed")]
    [InlineData("0 98304 snapshot Overflow\n", 1.0, null, "it overflowed")]
    [InlineData("0 81920 thin-pool 3 12/512 320/640 - rw discard_passdown queue_if_no_space - 1024 \n", 0.5, 12.0 / 512, null)]
    [InlineData("0 81920 thin-pool 3 12/512 640/640 - out_of_data_space discard_passdown error_if_no_space - 1024 \n", 1.0, 12.0 / 512, "the pool is out of data space")]
    [InlineData("0 81920 thin-pool 3 512/512 64/640 - ro discard_passdown error_if_no_space needs_check 1024 \n", 0.1, 1.0, "the pool has become read-only: it is out of metadata space, or damaged")]
    [InlineData("0 81920 thin-pool Fail\n", 1.0, 1.0, "the pool has failed")]
    public void the_kernels_status_says_how_full_it_is(string status, double data, double? metadata, string? failure) =>
        Assert.Equal(new SnapshotFill(data, metadata, failure), SnapshotFill.Parse(status));

    [Theory]
    [InlineData("")]
    [InlineData("0 98304 linear 254:1 2048")]
    [InlineData("0 98304 snapshot x/y 1")]
    [InlineData("0 98304 snapshot 1/0 1")]
    public void another_status_is_a_failure(string status) => Assert.Throws<FailedException>(() => SnapshotFill.Parse(status));

    [Fact]
    public void an_owner_lives_as_long_as_its_very_process()
    {
        SnapshotTag own = SnapshotTag.Own();
        Assert.Matches("^jumpbag\\.owner=[A-Za-z0-9_.+/=!:&#-]+$", own.Owner);
        Assert.Equal(own, SnapshotTag.Find(["other", own.Owner]));
        Assert.True(own.IsAlive);
        Assert.False((own with { Started = own.Started + 1 }).IsAlive);
        Assert.False((own with { Boot = "another" }).IsAlive);
        Assert.False((own with { Process = 4_194_304 }).IsAlive);
        Assert.False((own with { Host = "another" }).IsOfThisHost);
        Assert.Null(SnapshotTag.Find(["jumpbag.owner=a/b/c/d", "jumpbag.owner=", "jumpbag.snapshot"]));
    }
}
