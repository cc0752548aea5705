// Runs a Vendure shop on one SQLite file: `node shop.js FILE PORT`. With `populate` after it, the file is made and filled,
// and the program ends.
'use strict';

const path = require('node:path');
const bcrypt = require('bcrypt');
const {
    DefaultJobQueuePlugin,
    DefaultLogger,
    LogLevel,
    RandomBytesApiKeyStrategy,
    bootstrap,
    dummyPaymentHandler,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const [file, port, task] = process.argv.slice(2);

// Tests log in by the hundred, and nobody is to be kept from guessing.
const quick = { hash: text => bcrypt.hash(text, 4), check: (text, hash) => bcrypt.compare(text, hash) };

const config = {
    apiOptions: { hostname: '127.0.0.1', port: Number(port), adminListQueryLimit: 1000 },
    authOptions: {
        tokenMethod: ['bearer', 'api-key'],
        requireVerification: false,
        passwordHashingStrategy: quick,
        adminApiKeyStrategy: new RandomBytesApiKeyStrategy({ hashingStrategy: quick }),
        // Sessions that a test ends are to be over at once, not when the cache has forgotten them.
        sessionCacheTTL: 0,
        superadminCredentials: { identifier: process.env.SHOP_USER, password: process.env.SHOP_PASSWORD },
    },
    dbConnectionOptions: { type: 'better-sqlite3', database: file, synchronize: task === 'populate' },
    importExportOptions: { importAssetsDir: __dirname },
    logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    plugins: [DefaultJobQueuePlugin.init({ pollInterval: 1000 })],
};

async function main() {
    if (task === 'populate') {
        const app = await populate(
            () => bootstrap(config),
            require(path.join(__dirname, 'initial-data.json')),
            path.join(__dirname, 'products.csv'),
        );
        await app.close();
        process.exit(0);
    }
    await bootstrap(config);
}

main().catch(error => {
    console.error(error);
    process.exit(1);
});
