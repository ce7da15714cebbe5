using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;
using Jumpbag.Tests.Unit.Dumps;

namespace Jumpbag.Tests.Unit.Loading;

public sealed class LoadEstimateTests
{
    [Theory]
    [InlineData("`id` int NOT NULL, `a` text, PRIMARY KEY (`id`), KEY `k` (`a`(3)), UNIQUE KEY `u` (`a`,`id`), CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p` (`x`)", "InnoDB", 2, 2, true)]
    [InlineData("`id` int NOT NULL, `a` enum('KEY (','b'), FULLTEXT KEY `k` (`a`), PRIMARY KEY (`id`)", "InnoDB", 2, 1, false)]
    [InlineData("id int, key int, PRIMARY KEY (id), INDEX k (`key`)", "MyISAM", 1, 2, false)]
    [InlineData("`id` decimal(10,2) NOT NULL DEFAULT (1 + (2)), PRIMARY KEY (`id`)", "InnoDB", 1, 0, false)]
    public void the_index_of_a_dump_knows_columns_and_secondary_indexes_of_its_tables(string body, string engine, int columns, int keys, bool canDefer)
    {
        DumpIndex index = DumpIndex.Read(Read.Input($"CREATE TABLE `t` ({body}) ENGINE={engine};\n"));
        Assert.Equal(new TableShape(columns, keys, canDefer), index.Objects.Single().Shape);
    }

    [Fact]
    public void a_table_that_is_to_come_is_judged_by_its_own_definition()
    {
        // Three tables with as many bytes: the first, of few rows, is in; the second has many narrow rows, the third three indexes besides.
        Script load = Script.Of(("wide", 1000, ""), ("narrow", 100_000, ""), ("keyed", 100_000, ", KEY a (a), KEY b (b), KEY c (c)"));
        load.Rows("wide", 1000, TimeSpan.FromSeconds(1));
        double afterWide = load.Estimate();
        double narrow = Script.Of(("wide", 1000, ""), ("narrow", 100_000, "")).After(script => script.Rows("wide", 1000, TimeSpan.FromSeconds(1)));
        double wide = Script.Of(("wide", 1000, ""), ("other", 1000, "")).After(script => script.Rows("wide", 1000, TimeSpan.FromSeconds(1)));
        Assert.InRange(wide, 0.9, 1.1);
        Assert.True(narrow > 5 * wide, $"{narrow} {wide}");
        Assert.True(afterWide - narrow > 1.5 * narrow, $"{afterWide} {narrow}");
    }

    [Fact]
    public void rows_are_shared_by_the_connections_and_an_index_that_is_put_off_takes_one_of_them_at_the_end()
    {
        Script load = Script.Of(("keyed", 100_000, ", KEY a (a), KEY b (b), KEY c (c)"));
        load.Progress.Connections = 4;
        load.Rows("keyed", 50_000, TimeSpan.FromSeconds(4));
        double rows = 4.0 / 4, half = load.Estimate();
        load.Rows("keyed", 50_000, TimeSpan.FromSeconds(4));
        double keys = load.Estimate();
        Assert.InRange(half - keys, rows * 0.95, rows * 1.05);
        // Sorting 3 indexes at the speed that was seen, on one connection: more than a connection's part of the rows, less than the rows.
        Assert.InRange(keys, 2.0, 8.0);
        load.Table("keyed").IsBuilt = true;
        Assert.Equal(0, load.Estimate(), 3);
    }

    [Fact]
    public void the_speed_that_is_observed_of_a_table_goes_for_the_rest_of_it()
    {
        Script load = Script.Of(("fast", 100_000, ""), ("slow", 100_000, ""));
        load.Rows("fast", 100_000, TimeSpan.FromSeconds(1));
        load.Rows("slow", 50_000, TimeSpan.FromSeconds(10));
        Assert.InRange(load.Estimate(), 4.0, 10.5);
    }

    [Fact]
    public void what_earlier_runs_have_done_is_neither_left_nor_counted_as_this_runs_speed()
    {
        Script load = Script.Of(("t", 100_000, ""));
        TableLoad table = load.Table("t");
        (table.RowsBefore, table.BytesBefore) = (80_000, load.Index.Objects[0].Bytes * 8 / 10);
        load.Rows("t", 10_000, TimeSpan.FromSeconds(1));
        Assert.InRange(load.Estimate(), 0.9, 1.1);
    }

    /// <summary>A load that does what a test says.</summary>
    private sealed class Script : ILoad
    {
        private readonly Dictionary<ObjectName, TableLoad> tables = [];

        public required DumpIndex Index { get; init; }

        public LoadProgress Progress { get; } = new();

        public LoadReport Report { get; } = new();

        public IReadOnlyCollection<TableLoad> Tables => tables.Values;

        public IEnumerable<string> Unmatched => [];

        public void Settle()
        {
        }

        /// <summary>Of each table about a megabyte of rows.</summary>
        public static Script Of(params (string Name, int Rows, string Keys)[] tables)
        {
            var dump = new System.Text.StringBuilder();
            foreach ((string name, int rows, string keys) in tables)
            {
                dump.Append($"CREATE TABLE {name} (id int NOT NULL, a int, b int, c int, d text, PRIMARY KEY (id){keys}) ENGINE=InnoDB;\nINSERT INTO {name} VALUES ");
                dump.AppendJoin(',', Enumerable.Range(0, rows).Select(row => $"({row},1,2,3,'{new string('x', 2_000_000 / rows)}')")).Append(";\n");
            }
            return new() { Index = DumpIndex.Read(Read.Input(dump.ToString())) };
        }

        public TableLoad Table(string name)
        {
            var key = new ObjectName(null, ByteString.FromText(name));
            if (!tables.TryGetValue(key, out TableLoad? table))
                tables[key] = table = new(key) { Deferred = TableDefinition.Split(Definition(name), SessionState.Empty.Lexer()) };
            return table;
        }

        public void Rows(string name, long rows, TimeSpan busy)
        {
            DumpObject found = Index.Objects.Single(table => table.Name.Name == ByteString.FromText(name));
            long bytes = found.Bytes * rows / found.Rows;
            Table(name).Count(rows, bytes, busy);
            Progress.Acknowledge(rows, bytes, busy);
        }

        public double After(Action<Script> what)
        {
            what(this);
            return Estimate();
        }

        public double Estimate() => LoadEstimate.Of(this, Index).Remaining!.Value.TotalSeconds;

        public bool Wants(DumpObject found) => true;

        public ObjectName OnServer(DumpObject found) => found.Name;

        public ByteString? DatabaseOnServer(DumpObject found) => null;

        public TableLoad? Find(DumpObject found) => tables.GetValueOrDefault(found.Name);

        public bool DefersKeys(DumpObject table) => table.Shape.CanDefer;

        public void CheckTarget(DumpIndex index) => throw new NotSupportedException();

        public void Begin() => throw new NotSupportedException();

        public void Handle(DumpStatement statement) => throw new NotSupportedException();

        public void Finish() => throw new NotSupportedException();

        public IReadOnlyList<string> AskServer() => [];

        public void Dispose()
        {
        }

        private static byte[] Definition(string name) => System.Text.Encoding.ASCII.GetBytes(
            $"CREATE TABLE {name} (id int NOT NULL, a int, b int, c int, d text, PRIMARY KEY (id){(name == "keyed" ? ", KEY a (a), KEY b (b), KEY c (c)" : "")}) ENGINE=InnoDB");
    }
}
